"""The support desk: tickets and everything said in them.

Owns: tickets, messages, attachments, work logs, canned replies, drafts, saved filters, working hours, SLA policies.
Verbs: open_ticket, add_message, answer_ticket, add_note, undo_message, close_ticket, reopen_ticket, rate_ticket,
assign_ticket, hand_over, merge_tickets, split_ticket, link_tickets, log_work, take_upload; tasks close, warn, escalate.
Neighbours: commerce below (numbers), customer (devices, inbox), integrations (outbox, ClamAV); portal above.
"""
