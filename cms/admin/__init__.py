"""What the admin shows of content beside the pages themselves."""
