-- The events of a team, and how many of them each source has in each hour.
-- What the API does not expose is in a schema of its own.
create schema vibetea;
revoke all on schema vibetea from public;
grant usage on schema vibetea to service_role;

create table public.events (
  id text not null,
  source text not null,
  "timestamp" timestamptz not null,
  event_type text not null,
  payload jsonb not null,
  created_at timestamptz not null default now(),
  -- An id is unique for the device that made it, not for the team.
  primary key (source, id),
  -- Lengths are asked for by themselves: a pattern that counts takes twenty times as long.
  constraint events_id check (length(id) = 24 and id ~ '^evt_[a-z0-9]*$'),
  constraint events_source
    check (length(source) <= 70 and source ~ '^[A-Za-z0-9][A-Za-z0-9._-]*-[ybndrfg8ejkmcpqxot1uwisza345h769]{6}$'),
  constraint events_event_type
    check (event_type in ('session', 'activity', 'tool', 'agent', 'summary', 'error')),
  constraint events_payload
    check (jsonb_typeof(payload) = 'object' and octet_length(payload::text) <= 8192)
);
comment on table public.events is 'What the team''s nodes recorded, each event once; written by the ingest function alone.';
comment on column public.events."timestamp" is 'When it happened, by the clock of the machine where it did.';
comment on column public.events.created_at is 'When it came to the archive.';

-- For retention, which asks by time alone.
create index events_timestamp on public.events ("timestamp");

-- No policies: whoever is under row-level security sees nothing and writes nothing.
alter table public.events enable row level security;
alter table public.events force row level security;
revoke all on public.events from public, anon, authenticated, service_role;
-- Of an event that comes again with larger tokens.
grant select, insert, delete, update ("timestamp", payload) on public.events to service_role;

create table vibetea.events_hourly (
  source text not null,
  hour timestamptz not null,
  event_count bigint not null,
  primary key (source, hour)
);
comment on table vibetea.events_hourly is 'How many rows of public.events are in each hour of UTC; kept by its triggers.';
create index events_hourly_hour on vibetea.events_hourly (hour);
alter table vibetea.events_hourly enable row level security;
revoke all on vibetea.events_hourly from public, anon, authenticated, service_role;
grant select on vibetea.events_hourly to service_role;

-- The counts are the triggers' alone, so what they call runs as its owner. Everybody touches rows in one order, so
-- that two writers never wait for each other. A statement that adds events and moves others to another hour does that
-- in two goes, and so in no one order: it counts alone.
create function vibetea.count_events() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  counting constant bigint := hashtextextended('vibetea.count_events', 0);
begin
  if tg_op = 'TRUNCATE' then
    delete from vibetea.events_hourly;
    return null;
  end if;

  if tg_op = 'INSERT' then
    perform pg_advisory_xact_lock_shared(counting);
    insert into vibetea.events_hourly as kept (source, hour, event_count)
    select source, date_trunc('hour', "timestamp", 'UTC') as hour, count(*)
    from added
    group by source, hour
    order by source, hour
    on conflict (source, hour) do update set event_count = kept.event_count + excluded.event_count;
    return null;
  end if;

  if tg_op = 'UPDATE' then
    if not exists (
      select source, date_trunc('hour', "timestamp", 'UTC') from added
      except all
      select source, date_trunc('hour', "timestamp", 'UTC') from removed
    ) then
      return null;
    end if;
    perform pg_advisory_xact_lock(counting);
    insert into vibetea.events_hourly as kept (source, hour, event_count)
    select source, date_trunc('hour', "timestamp", 'UTC') as hour, sum(change)
    from (
      select source, "timestamp", 1 as change from added
      union all
      select source, "timestamp", -1 from removed
    ) as changes
    group by source, hour
    having sum(change) <> 0
    order by source, hour
    on conflict (source, hour) do update set event_count = kept.event_count + excluded.event_count;
  else
    perform pg_advisory_xact_lock_shared(counting);
    insert into vibetea.events_hourly as kept (source, hour, event_count)
    select source, date_trunc('hour', "timestamp", 'UTC') as hour, -count(*)
    from removed
    group by source, hour
    order by source, hour
    on conflict (source, hour) do update set event_count = kept.event_count + excluded.event_count;
  end if;

  -- Only hours that this statement has emptied, and holds: nobody else's are at zero.
  delete from vibetea.events_hourly as kept
  using (select distinct source, date_trunc('hour', "timestamp", 'UTC') as hour from removed) as emptied
  where kept.source = emptied.source and kept.hour = emptied.hour and kept.event_count = 0;
  return null;
end
$$;
revoke all on function vibetea.count_events() from public, anon, authenticated, service_role;

create trigger count_added after insert on public.events
  referencing new table as added
  for each statement execute function vibetea.count_events();
create trigger count_changed after update on public.events
  referencing old table as removed new table as added
  for each statement execute function vibetea.count_events();
create trigger count_removed after delete on public.events
  referencing old table as removed
  for each statement execute function vibetea.count_events();
create trigger count_nothing after truncate on public.events
  for each statement execute function vibetea.count_events();
