"""Proves, before a deploy, that ECS may make every AWS call that starting a task takes."""
