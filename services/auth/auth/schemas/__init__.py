"""What auth's operations take and answer, with examples; the rules are the domain's."""
