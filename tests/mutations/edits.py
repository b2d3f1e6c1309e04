"""The vocabulary of the mutations: small edits, each a function of a site."""

from __future__ import annotations

from tests.mutations.harness import Block, Edit, EnvFile, Inapplicable, Site, Stack

# --- the grants of the file ------------------------------------------------------------------


def drop_policy(site: Site) -> None:
    """Takes the whole policy that grants the file out of the execution role."""
    site.remove(site.file.policy)


def drop_read(site: Site) -> None:
    """Takes the statement with s3:GetObject away."""
    site.remove(site.file.read.block)


def drop_locate(site: Site) -> None:
    """Takes the statement with s3:GetBucketLocation away."""
    site.remove(site.file.locate.block)


def reads(*entries: str) -> Edit:
    """Gives the statement with s3:GetObject other resources; the first is marked ``new``."""
    return lambda site: site.replace(site.file.read.resource, _listed("Resource", entries))


def locates(*entries: str) -> Edit:
    """Gives the statement with s3:GetBucketLocation other resources; the first is ``located``."""
    return lambda site: site.replace(
        site.file.locate.resource, _listed("Resource", entries, mark="located")
    )


def read_action(*actions: str) -> Edit:
    """Gives the statement with s3:GetObject other actions; the first is marked ``done``."""
    return lambda site: site.replace(site.file.read.action, _listed("Action", actions, mark="done"))


def locate_action(*actions: str) -> Edit:
    return lambda site: site.replace(site.file.locate.action, _listed("Action", actions))


def _listed(key: str, entries: tuple[str, ...], mark: str = "new") -> str:
    marks = [mark, "second", "third", "fourth"]
    items = [f"  - {entry} #{name}" for entry, name in zip(entries, marks, strict=False)]
    return "\n".join([f"{key}:", *items])


def states(fragment: str) -> Edit:
    """Writes another statement in the place of the one with s3:GetObject."""
    return lambda site: site.replace(site.file.read.block, fragment)


def one_statement(actions: str, *entries: str) -> Edit:
    """Writes one statement in the place of both."""

    def edit(site: Site) -> None:
        site.remove(site.file.locate.block)
        listed = "\n".join(f"    - {entry}" for entry in entries)
        fragment = f"- Effect: Allow\n  Action: {actions} #done\n  Resource:\n{listed}"
        site.replace(site.file.read.block, _marked(fragment, entries[0]))

    return edit


def _marked(fragment: str, entry: str) -> str:
    return fragment.replace(entry, f"{entry} #new", 1)


def adds(fragment: str) -> Edit:
    """Adds a statement behind the one with s3:GetObject."""
    return lambda site: site.after(site.file.read.block, fragment)


def if_also(fragment: str) -> Edit:
    """Adds an element, such as a Condition, to the statement with s3:GetObject."""
    return lambda site: site.after(site.file.read.resource, fragment)


def effect(value: str) -> Edit:
    """Changes the Effect of the statement with s3:GetObject."""

    def edit(site: Site) -> None:
        if site.file.read.effect.text.endswith(f"Effect: {value}"):
            raise Inapplicable
        site.swap(site.file.read.effect, r"Effect: .*", f"Effect: {value}")

    return edit


# --- the roles -------------------------------------------------------------------------------


def _policies(role: Block) -> Block | None:
    return role.block(r"^ +Policies:")


def move_policy(site: Site) -> None:
    """Moves the whole policy that grants the file to the task role."""
    site.move(site.file.policy, _policies(site.stack.task_role))


def move_read(site: Site) -> None:
    """Moves the statement with s3:GetObject to the task role."""
    policies = _policies(site.stack.task_role)
    if policies is None:
        raise Inapplicable
    statements = list(policies.items())[-1].block(r"^ +Statement:")
    site.move(site.file.read.block, statements)


def policy(fragment: str) -> Edit:
    """Adds an inline policy to the execution role."""
    return lambda site: site.add_item(_policies(site.stack.role), fragment)


def statement(fragment: str) -> Edit:
    """Adds an inline policy of one statement to the execution role."""
    lines = fragment.strip("\n").splitlines()
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    indented = "\n".join("      " + line[margin:] for line in lines)
    return policy(
        "- PolicyName: Extra\n  PolicyDocument:\n    Version: '2012-10-17'\n    Statement:\n"
        + indented
    )


def role_property(fragment: str) -> Edit:
    """Adds a property to the execution role."""

    def edit(site: Site) -> None:
        policies = _policies(site.stack.role)
        if policies is None:
            raise Inapplicable
        site.before(policies, fragment)

    return edit


def attach(policy_arn: str) -> Edit:
    """Adds a managed policy to the execution role, marked ``attached``."""

    def edit(site: Site) -> None:
        managed = site.stack.role.block(r"^ +ManagedPolicyArns:")
        site.add_item(managed, f"- {policy_arn} #attached")

    return edit


def execution_role(value: str) -> Edit:
    """Makes the task definition ask for another execution role."""
    return _task_property("ExecutionRoleArn", value)


def task_role(value: str) -> Edit:
    """Makes the task definition ask for another task role."""
    return _task_property("TaskRoleArn", value)


def _task_property(key: str, value: str) -> Edit:
    def edit(site: Site) -> None:
        line = site.stack.task.line(f"{key}:")
        assert line is not None
        site.swap(line, rf"{key}:.*", f"{key}: {value}")

    return edit


def swap_roles(site: Site) -> None:
    """Gives the task definition each role in the place of the other."""
    execution_role("!GetAtt <task role>.Arn")(site)
    task_role("!GetAtt <role>.Arn")(site)


def drop_policies(site: Site) -> None:
    """Takes every inline policy of the execution role away."""
    policies = _policies(site.stack.role)
    assert policies is not None
    site.remove(policies)


def drop_execution_role(site: Site) -> None:
    line = site.stack.task.line("ExecutionRoleArn:")
    assert line is not None
    site.remove(Block([line]))


def trust(fragment: str, *, task_role: bool = False) -> Edit:
    """Writes other statements into the trust policy of the execution role or the task role."""

    def edit(site: Site) -> None:
        role = site.stack.task_role if task_role else site.stack.role
        document = role.block(r"^ +AssumeRolePolicyDocument:")
        statements = document and document.block(r"^ +Statement:")
        assert statements is not None
        lines = fragment.strip("\n").splitlines()
        margin = min(len(line) - len(line.lstrip()) for line in lines)
        site.replace(
            statements, "\n".join(["Statement:", *("  " + line[margin:] for line in lines)])
        )

    return edit


# --- the rest of the stack -------------------------------------------------------------------


def resource(fragment: str) -> Edit:
    """Adds a resource to the template."""
    return lambda site: site.add_to("Resources", fragment)


def condition(fragment: str) -> Edit:
    """Adds a condition to the template."""
    return lambda site: site.add_to("Conditions", fragment)


def parameter(name: str, value: str | None = None, kind: str = "String") -> Edit:
    """Declares a parameter, with a value or without one."""

    def edit(site: Site) -> None:
        site.add_to("Parameters", f"{name}:\n  Type: {kind}")
        if value is not None:
            site.parameters[name] = site.filled(value)

    return edit


OFF = condition("GrantIsOff: !Equals [!Ref EnvName, some-other-environment]")
"""Declares a condition that does not hold."""

ON = condition("GrantIsOn: !Not [!Equals [!Ref EnvName, some-other-environment]]")
"""Declares a condition that holds."""


def under(name: str, *, otherwise: bool = False) -> Edit:
    """Puts the policy that grants the file under a condition, on top of the one that it has."""
    return lambda site: site.wrap(site.file.policy, name, otherwise=otherwise)


def conditioned(name: str) -> Edit:
    """Puts the policy that grants the file under another condition than its own."""

    def edit(site: Site) -> None:
        line = site.file.policy.line(rf"- {site.file.condition}$")
        if not site.file.condition or line is None:
            raise Inapplicable
        site.swap(line, site.file.condition, name)

    return edit


def drop_decrypts(site: Site) -> None:
    """Takes every statement with kms:Decrypt away."""
    for found in site.stack.decrypts():
        site.remove(found.block)


def without_tagged_decrypt(site: Site) -> None:
    """Takes the statement away that lets the role decrypt with keys of certain tags."""
    for found in site.stack.decrypts():
        if "Condition:" in found.block.text:
            site.remove(found.block)


def without_key_decrypt(site: Site) -> None:
    """Takes the statement away that names the key."""
    for found in site.stack.decrypts():
        if "Condition:" not in found.block.text:
            site.remove(found.block)


def decrypts(fragment: str) -> Edit:
    """Writes another statement in the place of those with kms:Decrypt."""

    def edit(site: Site) -> None:
        without_tagged_decrypt(site)
        named = [s for s in site.stack.decrypts() if "Condition:" not in s.block.text]
        site.replace(named[0].block, fragment)

    return edit


def worth(value: str) -> Edit:
    """Gives the parameter of the file another value."""

    def edit(site: Site) -> None:
        name = site.file.said.removeprefix("!Ref ")
        if name not in site.parameters:
            raise Inapplicable
        site.parameters[name] = site.filled(value)

    return edit


def named_alike(site: Site) -> None:
    """Gives every file of the stack the same name: Copilot keeps only the last part of a path."""
    for file in site.stack.files:
        name = file.said.removeprefix("!Ref ")
        folder = f"arn:aws:s3:::{file.bucket}/manual/env-files"
        site.parameters[name] = f"{folder}/.env/{file.hash}.env"


def parameter_is(name: str, value: str) -> Edit:
    """Gives a parameter another value."""

    def edit(site: Site) -> None:
        site.parameters[name] = value

    return edit


def files_more(count: int) -> Edit:
    """Gives the container more environment files, which are in the file's bucket."""

    def edit(site: Site) -> None:
        key = site.stack.task.block(r"^ +EnvironmentFiles:")
        for number in range(count):
            site.add_item(key, f"- Type: s3\n  Value: '<bucket>/more/{number}.env'")

    return edit


def task_property(fragment: str) -> Edit:
    """Adds a property to the task definition."""

    def edit(site: Site) -> None:
        found = site.stack.task.block(r"^ +ContainerDefinitions:")
        assert found is not None
        site.before(found, fragment)

    return edit


def platform(version: str) -> Edit:
    """Makes the service run on a version of the Fargate platform; marked ``platform``."""

    def edit(site: Site) -> None:
        found = site.stack.lines.block(r"^ +PlatformVersion:")
        if found is None:
            raise Inapplicable
        site.replace(found, f"PlatformVersion: '{version}' #platform")

    return edit


def files_instead(fragment: str) -> Edit:
    """Writes another list of environment files in the place of the file's."""

    def edit(site: Site) -> None:
        task = site.stack.task
        found = Block(task[task.index(site.file.files) :]).block("EnvironmentFiles:")
        assert found is not None
        site.replace(found, fragment)

    return edit


def default_instead(site: Site) -> None:
    """Writes the value of the file's parameter as its default, and hands none over."""
    name = site.file.said.removeprefix("!Ref ")
    declared = site.stack.section("Parameters").block(rf"^  {name}:")
    if declared is None:
        raise Inapplicable
    del site.parameters[name]
    site.replace(declared, f"{name}:\n  Type: String\n  Default: '<object>'")


def second_task(value: str, condition: str = "") -> Edit:
    """Adds a task definition with the same roles; its file's value is marked ``second``."""
    return lambda site: site.add_to(
        "Resources",
        f"""
        Second:
          Type: AWS::ECS::TaskDefinition
          {condition}
          Properties:
            ExecutionRoleArn: !GetAtt <role>.Arn
            TaskRoleArn: !GetAtt <task role>.Arn
            ContainerDefinitions:
              - Name: second
                Image: public.ecr.aws/docker/library/busybox:stable
                EnvironmentFiles:
                  - Type: s3
                    Value: {value} #second
        """,
    )


def sidecar(value: str, condition: str = "") -> Edit:
    """Adds a container with an environment file; its value is marked ``sidecar``."""

    def edit(site: Site) -> None:
        containers = site.stack.task.block(r"^ +ContainerDefinitions:")
        assert containers is not None
        if condition:
            site.before(
                next(containers.items()),
                f"""
                - !If
                  - {condition}
                  - {{Name: sidecar, Image: x, EnvironmentFiles: [{{Type: s3, Value: {value}}}]}}
                  - !Ref AWS::NoValue
                """,
            )
            return
        site.before(
            next(containers.items()),
            f"""
            - Name: sidecar
              Image: public.ecr.aws/docker/library/busybox:stable
              EnvironmentFiles:
                - Type: s3
                  Value: {value} #sidecar
            """,
        )

    return edit


def resource_scalar(site: Site) -> None:
    """Writes the one resource without a list."""
    site.replace(site.file.read.resource, "Resource: '<object>' #new")


def rewrite(logical_id: str, pattern: str, text: str) -> Edit:
    """Writes another text over a part of a resource; an empty one takes the line away."""

    def edit(site: Site) -> None:
        line = site.stack.resource(logical_id).line(pattern)
        assert line is not None, pattern
        if text:
            site.swap(line, pattern, text)
        else:
            site.remove(Block([line]))

    return edit


def into(logical_id: str, key: str, fragment: str) -> Edit:
    """Adds an item or a property in front of those below a key of a resource."""

    def edit(site: Site) -> None:
        found = site.stack.resource(logical_id).block(rf"^ +{key}")
        assert found is not None, key
        site.before(Block(found[1:2]), fragment)

    return edit


def element(fragment: str) -> Edit:
    """Writes another element in the place of the file's, in EnvironmentFiles."""
    return lambda site: site.replace(site.file.element, fragment)


# --- where a mutation makes sense ------------------------------------------------------------


def has_key(stack: Stack, _file: EnvFile) -> bool:
    """Stacks of Copilot v1.32.1 and later, whose objects are encrypted with a known key."""
    return stack.has_key


def has_no_key(stack: Stack, _file: EnvFile) -> bool:
    return not stack.has_key


def is_copilot(stack: Stack, _file: EnvFile) -> bool:
    return stack.is_copilot


def is_pinned(_stack: Stack, file: EnvFile) -> bool:
    return file.is_pinned


def is_alone(stack: Stack, file: EnvFile) -> bool:
    """Files whose bucket no other grant of the stack names."""
    return stack.is_alone(file)


def is_first(stack: Stack, file: EnvFile) -> bool:
    """One file for each stack: for mutations that concern all of its files alike."""
    return file is stack.files[0]


def is_one_of_many(stack: Stack, _file: EnvFile) -> bool:
    return len(stack.files) > 1
