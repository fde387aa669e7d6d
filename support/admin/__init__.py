"""The desk of the agents in the back office: queue, ticket, reports, and what they are set up with."""
