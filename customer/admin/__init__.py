"""The back office of this app: buyers, devices, service, corrections, the trace, the catalogue and the staff."""
