"""The outside world: the only app that speaks HTTP.

Owns the ports (what the house asks for, in its own words), one adapter per vendor under payments/, sms/ and crm/,
the outbox through which everything leaves, and the sandbox that stands in for the vendors. Its verbs: `emit`,
`deliver_due`, `send_again`. Knows no buyer and no order: the apps above import a port and a factory from here.
"""
