"""What the back office shows of content beside the pages themselves."""
