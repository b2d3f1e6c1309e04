"""What a run is given in files next to its templates: parameter values, policies from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from copilot_preflight.base.finding import InputError
from copilot_preflight.inputs.parameter_files import ParameterValue, parameter_values
from copilot_preflight.read.document import Document, DocumentError
from copilot_preflight.resolve.outside import NOTHING, Outside
from copilot_preflight.run.options import Options


class Given:
    """Reads what the options name.

    Every document that it reads goes into ``sources``; what is wrong with one goes to ``refuse``.
    """

    def __init__(
        self,
        options: Options,
        sources: dict[str, Document],
        refuse: Callable[..., None],
    ) -> None:
        self.options = options
        self.sources = sources
        self.refuse = refuse
        self.notes: list[str] = []

    def values(self) -> dict[str, ParameterValue]:
        """What ``--params`` and ``--parameter`` give; the latter wins."""
        values: dict[str, ParameterValue] = {}
        for path in self.options.params:
            values.update(self._values_in(path))
        given = self.options.parameters.items()
        return {**values, **{name: ParameterValue(value) for name, value in given}}

    def shared_values(self) -> dict[str, ParameterValue]:
        """The values that stand in the configuration, or in files that it names."""
        values: dict[str, ParameterValue] = {}
        for path in self.options.shared_params:
            values.update(self._values_in(path))
        return {**values, **self.options.shared_parameters}

    def _values_in(self, path: Path) -> dict[str, ParameterValue]:
        try:
            loaded = self.options.read(path, str(path))
            self.sources[loaded.file] = loaded
            return parameter_values(loaded)
        except DocumentError as fault:
            self.refuse(fault)
            return {}

    def refuse_unused(
        self, values: Mapping[str, ParameterValue], templates: Sequence[Document]
    ) -> None:
        """A value that no template declares belongs to another stack, or is misspelt."""
        if not values:
            return
        sections = [template.data.get("Parameters") for template in templates]
        declared = {name for section in sections if isinstance(section, dict) for name in section}
        for name, value in values.items():
            if name in declared:
                continue
            message = (
                f"no template of the run declares parameter '{name}': is this another stack's?"
            )
            if value.place is None:
                self.refuse(InputError("--parameter", 0, 0, message))
            else:
                self.refuse(self.sources[value.place.file].fault(value.place.path, message))

    def outside(self) -> Outside:
        """What ``--policy``, ``--scp``, ``--rcp``, ``--evidence`` and the configuration give."""
        options = self.options
        files = options.policies or options.scps or options.rcps or options.bucket_policies
        if not (files or options.buckets or options.requirements or options.evidence):
            return NOTHING
        if options.evidence:
            from copilot_preflight.run.evidence_files import with_account

            alone = Given(options._replace(evidence=()), self.sources, self.refuse).outside()
            return with_account(alone, options, self.sources, self.refuse, self.notes)
        if not files:
            return Outside(buckets=options.buckets, requirements=tuple(options.requirements))
        from copilot_preflight.run.policy_files import PolicyReader

        reader = PolicyReader(options.read)
        provided = reader.outside(options.policies, options.scps, options.rcps)
        if options.config is not None:
            provided = Outside(
                (*provided.policies, *reader.of_buckets(options.bucket_policies)),
                provided.scps,
                provided.rcps,
                options.buckets,
                tuple(options.requirements),
            )
        self.refuse(*reader.faults)
        self.sources.update(reader.documents)
        return provided
