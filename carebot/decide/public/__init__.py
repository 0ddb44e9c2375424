"""What customers are told: proposed, approved, said once."""
