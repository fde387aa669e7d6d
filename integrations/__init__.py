"""The outside world: the only app that speaks HTTP.

Owns the ports (what the house asks for, in its own words), one adapter per vendor under payments/, sms/, whatsapp/ and
crm/, the outbox through which everything leaves, the doors by which providers report (hooks), the words of messages and
the sandbox that stands in for the vendors. Its verbs: `emit`, `deliver_due`, `send_again`, `sms.send`, `reports.store`,
`reports.poll`. Knows no buyer and no order: the apps above import a port and a factory from here.
"""
