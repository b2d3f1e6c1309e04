"""Who asks for which AWS call: one module for each source, and the registry that lists them.

Knows: which calls ECS, Batch, EventBridge, Step Functions, CodePipeline, CodeBuild and App Runner
make, each with its AWS page.
Does not know: whether a call is allowed.
"""
