"""The tables of the history, as migrations that are only ever added to.

Times are ISO 8601 in UTC, durations seconds; losses are means over images, accuracies,
precisions, recalls and F1 scores lie in [0, 1]. A figure that was not a number is NULL.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("cnnlab")

_TABLES = """
create table runs (
    id text primary key,
    name text not null,
    status text not null check (status in (
        'queued', 'running', 'paused', 'finished', 'stopped', 'failed', 'interrupted')),
    preset text,
    dataset text not null,
    model text not null,
    config text not null,
    monitor text not null,
    epochs_planned integer not null,
    parameters integer,
    flops integer,
    device text,
    device_name text,
    precision text,
    memory_format text,
    residence text,
    steps_per_epoch integer,
    train_images integer,
    validation_images integer,
    test_images integer,
    host text not null,
    pid integer not null,
    versions text not null,
    git text,
    created_at text not null,
    started_at text,
    ended_at text,
    duration_s real,
    best_epoch integer,
    best_step integer,
    best_value real,
    message text
) strict;
create index runs_created_at on runs (created_at);
create index runs_name on runs (name);

create table epochs (
    run_id text not null references runs (id) on delete cascade,
    epoch integer not null,
    step integer not null,
    train_loss real,
    train_accuracy real,
    validation_loss real,
    validation_accuracy real,
    lr real not null,
    seconds real not null,
    images_per_second real not null,
    primary key (run_id, epoch)
) strict, without rowid;

create table steps (
    run_id text not null references runs (id) on delete cascade,
    step integer not null,
    epoch integer not null,
    loss real,
    accuracy real,
    lr real not null,
    primary key (run_id, step)
) strict, without rowid;

create table evaluations (
    id integer primary key,
    run_id text not null references runs (id) on delete cascade,
    split text not null check (split in ('train', 'validation', 'test')),
    checkpoint text check (checkpoint in ('best', 'last')),
    epoch integer not null,
    step integer not null,
    loss real,
    accuracy real not null,
    top5_accuracy real,
    precision_macro real not null,
    recall_macro real not null,
    f1_macro real not null,
    evaluated_at text not null
) strict;
create index evaluations_run on evaluations (run_id, checkpoint, split);

create table class_metrics (
    evaluation_id integer not null references evaluations (id) on delete cascade,
    class_index integer not null,
    class_name text not null,
    precision real not null,
    recall real not null,
    f1 real not null,
    support integer not null,
    primary key (evaluation_id, class_index)
) strict, without rowid;

create table confusion (
    evaluation_id integer not null references evaluations (id) on delete cascade,
    true_index integer not null,
    predicted_index integer not null,
    images integer not null,
    primary key (evaluation_id, true_index, predicted_index)
) strict, without rowid;

create table checkpoints (
    run_id text not null references runs (id) on delete cascade,
    kind text not null check (kind in ('best', 'last')),
    epoch integer not null,
    step integer not null,
    path text not null,
    bytes integer not null,
    sha256 text not null,
    value real,
    saved_at text not null,
    primary key (run_id, kind)
) strict;

create table tags (
    run_id text not null references runs (id) on delete cascade,
    tag text not null,
    primary key (run_id, tag)
) strict, without rowid;

create table notes (
    id integer primary key,
    run_id text not null references runs (id) on delete cascade,
    text text not null,
    written_at text not null
) strict;
create index notes_run on notes (run_id);

create table log (
    id integer primary key,
    run_id text not null references runs (id) on delete cascade,
    level text not null check (level in ('info', 'warning', 'error')),
    message text not null,
    logged_at text not null
) strict;
create index log_run on log (run_id);
"""

_COMMANDS = """
create table commands (
    id integer primary key,
    run_id text not null references runs (id) on delete cascade,
    kind text not null check (kind in (
        'pause', 'continue', 'stop', 'checkpoint', 'scale_lr', 'add_epochs')),
    value real not null,
    sent_at text not null,
    taken_at text
) strict;
create index commands_run on commands (run_id, taken_at);

create table interventions (
    id integer primary key,
    run_id text not null references runs (id) on delete cascade,
    kind text not null check (kind in (
        'pause', 'continue', 'stop', 'checkpoint', 'scale_lr', 'add_epochs')),
    value real not null,
    epoch integer not null,
    step integer not null,
    made_at text not null
) strict;
create index interventions_run on interventions (run_id);
"""

# The age of a process tells whether it is still the one that has a run, or a later one of the same
# number. So whoever takes over a run, by writing its own number, leaves the time.
_TRASH = """
alter table runs add column trashed_at text;
alter table runs add column claimed_at text;
create trigger runs_claimed after update of pid on runs begin
    update runs set claimed_at = strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now') where id = new.id; end;
"""

# The boot and the heartbeat tell of a run's process what its number alone does not. SQLite cannot
# widen a check, so the checkpoints move to a table of the same shape.
_SURVIVAL = """
alter table runs add column boot text;
alter table runs add column heartbeat_at text;
create table wider (
    run_id text not null references runs (id) on delete cascade,
    kind text not null check (kind in ('best', 'last', 'previous')),
    epoch integer not null,
    step integer not null,
    path text not null,
    bytes integer not null,
    sha256 text not null,
    value real,
    saved_at text not null,
    primary key (run_id, kind)
) strict;
insert into wider select run_id, kind, epoch, step, path, bytes, sha256, value, saved_at
    from checkpoints;
drop table checkpoints;
alter table wider rename to checkpoints;
"""

# Repeats of a run share a group; runs that were trained elsewhere have an origin; evaluations that
# were made after a run, with its checkpoint, have the data set that they are of. Of curves from
# elsewhere neither the learning rate nor the time has to be known, so these columns are widened.
_EXCHANGE = """
alter table runs add column group_id text;
alter table runs add column origin text check (origin in ('archive', 'tensorboard', 'csv'));
create index runs_group on runs (group_id) where group_id is not null;
alter table evaluations add column dataset text;
create table wider_epochs (
    run_id text not null references runs (id) on delete cascade,
    epoch integer not null,
    step integer not null,
    train_loss real,
    train_accuracy real,
    validation_loss real,
    validation_accuracy real,
    lr real,
    seconds real,
    images_per_second real,
    primary key (run_id, epoch)
) strict, without rowid;
insert into wider_epochs select run_id, epoch, step, train_loss, train_accuracy, validation_loss,
    validation_accuracy, lr, seconds, images_per_second from epochs;
drop table epochs;
alter table wider_epochs rename to epochs;
create table wider_steps (
    run_id text not null references runs (id) on delete cascade,
    step integer not null,
    epoch integer not null,
    loss real,
    accuracy real,
    lr real,
    primary key (run_id, step)
) strict, without rowid;
insert into wider_steps select run_id, step, epoch, loss, accuracy, lr from steps;
drop table steps;
alter table wider_steps rename to steps;
"""

_VIEWS = {
    # One row a run with what people ask first.
    "run_results": """
        select runs.id, runs.name, runs.status, runs.preset, runs.dataset, runs.model,
            runs.parameters, runs.device, runs.started_at, runs.duration_s,
            (select count(*) from epochs where run_id = runs.id) as epochs,
            runs.best_epoch, runs.monitor, runs.best_value,
            best.accuracy as test_accuracy,
            best.precision_macro as test_precision_macro,
            last.accuracy as last_test_accuracy,
            last.precision_macro as last_test_precision_macro
        from runs
        left join evaluations best on best.run_id = runs.id
            and best.split = 'test' and best.checkpoint = 'best'
        left join evaluations last on last.run_id = runs.id
            and last.split = 'test' and last.checkpoint = 'last'
    """,
    # Precision, recall and F1 of each class, with the run's name.
    "class_results": """
        select runs.id as run_id, runs.name, runs.preset, runs.dataset,
            evaluations.split, evaluations.checkpoint, evaluations.epoch,
            class_metrics.class_name, class_metrics.precision, class_metrics.recall,
            class_metrics.f1, class_metrics.support
        from class_metrics
        join evaluations on evaluations.id = class_metrics.evaluation_id
        join runs on runs.id = evaluations.run_id
    """,
    # Which classes are taken for which, by name; absent pairs never happened.
    "confusion_results": """
        select runs.id as run_id, runs.name, evaluations.split, evaluations.checkpoint,
            truth.class_name as true_class, answer.class_name as predicted_class,
            confusion.images
        from confusion
        join evaluations on evaluations.id = confusion.evaluation_id
        join runs on runs.id = evaluations.run_id
        join class_metrics truth on truth.evaluation_id = confusion.evaluation_id
            and truth.class_index = confusion.true_index
        join class_metrics answer on answer.evaluation_id = confusion.evaluation_id
            and answer.class_index = confusion.predicted_index
    """,
}


def _execute_each(db: Database, statements: str) -> None:
    """Executes statements one by one; a script would end the transaction under way."""
    for statement in statements.split(";\n"):
        if statement.strip():
            db.execute(statement)


@migrations()
def m001_initial(db: Database) -> None:
    """Runs with their epochs, steps, evaluations, checkpoints, tags, notes and log."""
    _execute_each(db, _TABLES)
    for name, query in _VIEWS.items():
        db.create_view(name, query)


@migrations()
def m002_commands(db: Database) -> None:
    """Commands to runs under way, and the interventions that came of them."""
    _execute_each(db, _COMMANDS)


@migrations()
def m003_trash(db: Database) -> None:
    """A trash, which the views leave out, and since when the process of a run has had it."""
    _execute_each(db, _TRASH)
    for name, query in _VIEWS.items():
        db.execute(f"drop view {name}")
        db.create_view(name, f"{query} where runs.trashed_at is null")


@migrations()
def m004_survival(db: Database) -> None:
    """Whether a run's process can still be there, and the checkpoint before the last one."""
    _execute_each(db, _SURVIVAL)


@migrations()
def m005_exchange(db: Database) -> None:
    """Groups of repeats, runs from elsewhere, and evaluations made later on any data set."""
    for name in _VIEWS:
        db.execute(f"drop view {name}")
    _execute_each(db, _EXCHANGE)
    for name, query in _VIEWS.items():
        alone = query
        for joined in ("best", "last"):
            alone = alone.replace(f"= '{joined}'", f"= '{joined}' and {joined}.dataset is null")
        own = "" if name == "run_results" else " and evaluations.dataset is null"
        db.create_view(name, f"{alone} where runs.trashed_at is null{own}")
