"""What the form asks beside the config: the words to find a run again by, and its seeds."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from cnnlab.config.component import Section
from cnnlab.config.form import Form
from cnnlab.config.form_fields import FormField, Path
from cnnlab.config.run import RunConfig
from cnnlab.data import library
from cnnlab.data.catalog import KNOWN
from cnnlab.errors import ConfigError, unknown_name
from cnnlab.execution.repeats import MOST, repeated
from cnnlab.execution.requests import RunRequest
from cnnlab.history.naming import checked_name, given_tags
from cnnlab.history.recorder import new_run_id
from cnnlab.home import Home
from cnnlab.tui.screens.launch.source import Source


def _parts(value: Any) -> Any:
    """The parts of texts between commas; a lone text may come as a list of one."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        return value
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


_DATA: Path = ("data", "name")

Seed = Annotated[int, Field(ge=0, lt=2**63)]
Stripped = Annotated[str, BeforeValidator(_stripped)]


class RunWords(Section):
    """What the run is called, and how often it is trained."""

    name: Stripped = ""
    """Name of the run; made from the preset if empty."""
    tags: Annotated[tuple[str, ...], BeforeValidator(_parts)] = ()
    """Tags to find it by, with commas between them."""
    note: Stripped = ""
    """A note to keep with the run."""
    repeats: Annotated[int, Field(ge=1, le=MOST)] = 1
    """So many runs with consecutive seeds, from `training.seed` on, as one group."""
    seeds: Annotated[tuple[Seed, ...], BeforeValidator(_parts)] = ()
    """Certain seeds, such as 1, 2, 3: one run each, as one group. Empty: `training.seed`."""

    @field_validator("seeds")
    @classmethod
    def _either_seeds_or_repeats(
        cls, seeds: tuple[int, ...], info: ValidationInfo
    ) -> tuple[int, ...]:
        if seeds and info.data.get("repeats", 1) > 1:
            raise ValueError("repeats choose the seeds themselves: give one of the two")
        return seeds

    @field_validator("name")
    @classmethod
    def _may_be_a_name(cls, name: str) -> str:
        if name:
            try:
                checked_name(name)
            except ConfigError as error:
                raise ValueError(error.message.rstrip(".")) from None
        return name

    @field_validator("tags")
    @classmethod
    def _may_be_tags(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return given_tags(tags)
        except ConfigError as error:
            raise ValueError(error.message.rstrip(".")) from None


class LaunchConfig(RunConfig):
    """All that the form holds."""

    run: RunWords = RunWords()
    """What the run is called, and how often it is trained."""

    def config(self) -> RunConfig:
        """The config alone."""
        return RunConfig(**{name: getattr(self, name) for name in RunConfig.model_fields})

    def requests(self, preset: str | None) -> list[RunRequest]:
        """The runs that are asked for: one, or one a seed; several are a group."""
        words, config = self.run, self.config()
        request = RunRequest(config, preset, words.name, words.tags, words.note)
        if words.repeats > 1:
            return repeated(request, words.repeats)
        group = replace(request, group=new_run_id() if len(words.seeds) > 1 else None)
        return [_with_seed(group, seed) for seed in words.seeds] or [request]


def _with_seed(request: RunRequest, seed: int) -> RunRequest:
    """The request with a seed, which its name says too."""
    training = request.config.training.model_copy(update={"seed": seed})
    name = f"{request.name}-seed-{seed}" if request.name else ""
    config = request.config.model_copy(update={"training": training})
    return replace(request, config=config, name=name)


class LaunchForm(Form[LaunchConfig]):
    """The form's values; a data set is one of those that are known on this machine."""

    def __init__(self, home: Home, source: Source) -> None:
        super().__init__(LaunchConfig, source.tables, source.base)
        self._home = home

    def fields(self) -> list[FormField]:
        """The fields, with the names of the data sets to choose from."""
        return [self._with_names(f) if f.path == _DATA else f for f in super().fields()]

    def check(self) -> tuple[LaunchConfig | None, dict[Path, str]]:
        """What is asked for, if nothing is wrong; a data set may yet have to be downloaded."""
        checked, wrong = super().check()
        name = str(self.tables["data"].get("name", ""))
        if _DATA not in wrong and name not in library.names(self._home):
            error = unknown_name("data set", name, library.names(self._home))
            return None, {**wrong, _DATA: str(error)}
        return checked, wrong

    def _with_names(self, field: FormField) -> FormField:
        names, present = library.names(self._home), library.present(self._home)
        here = [name in present or KNOWN[name].shipped for name in names]
        meanings = tuple("on this machine" if one else "not on this machine" for one in here)
        return replace(
            field,
            kind="choice",
            accepts="the name of a data set",
            choices=tuple(names),
            meanings=meanings,
        )
