"""The back office of this app: orders, payments, the ledger; plans with dated prices, and VAT."""
