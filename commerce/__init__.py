"""Plans, orders, payments and the ledger: everything about money.

Owns: service plans and their dated prices, VAT, number series, orders, payments, ledger entries.
Verbs: request_renewal, cancel_order, expire_orders, open_payment, settle_payment; journeys: start_payment,
check_payment, sweep_payments, recover_unverified.
Neighbours: customer below (devices, periods, inbox), integrations (gateways, outbox); portal above.
"""
