"""What an editor offers to do about findings, worked out when somebody asks for it."""
