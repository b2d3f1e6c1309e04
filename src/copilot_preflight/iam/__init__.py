"""IAM: knows policies and ARNs, no CloudFormation."""
