"""Buyers, their devices and what is left of service.

Owns: accounts, buyers, brands/types/models, devices, service periods and choices, corrections, the inbox, the trace.
Verbs: create_buyer, reset_password, set_buyer_active, request_correction, decide_correction, register_device,
choose_mode, activate_legacy, tell (inbox), read, acknowledge.
Neighbours: above it commerce; below it integrations (outbox) and kernel.
"""
