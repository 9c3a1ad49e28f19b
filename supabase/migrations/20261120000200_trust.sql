-- Whom the archive believes: what the team's founder has signed, and which device uses which source.

create table vibetea.epoch_records (
  place bigint generated always as identity primary key,
  -- The team's id as text, z-base-32.
  team text not null check (length(team) = 52),
  -- base64 of BLAKE2b-256 of the record.
  hash text not null check (length(hash) = 44),
  -- base64, as signed.
  record text not null check (octet_length(record) <= 349528),
  created_at timestamptz not null default now(),
  unique (team, hash)
);
comment on table vibetea.epoch_records is 'Checked by the ingest function before they are stored; never changed, so that an epoch only rises.';
alter table vibetea.epoch_records enable row level security;
alter table vibetea.epoch_records force row level security;
revoke all on vibetea.epoch_records from public, anon, authenticated, service_role;
grant select, insert on vibetea.epoch_records to service_role;

create table vibetea.source_bindings (
  source text primary key,
  -- The device key as text, z-base-32.
  device text not null check (length(device) = 52),
  created_at timestamptz not null default now()
);
comment on table vibetea.source_bindings is 'The first device that used a source; another is refused. Delete a row to let go of one.';
alter table vibetea.source_bindings enable row level security;
alter table vibetea.source_bindings force row level security;
create index source_bindings_device on vibetea.source_bindings (device);
revoke all on vibetea.source_bindings from public, anon, authenticated, service_role;
grant select, insert on vibetea.source_bindings to service_role;

-- A team's records, base64, each after those that it needs.
create function public.get_epoch_records(team text) returns jsonb
language sql stable security invoker set search_path = ''
begin atomic
  select coalesce(jsonb_agg(records.record order by records.place), '[]')
  from vibetea.epoch_records as records
  where records.team = get_epoch_records.team;
end;
revoke all on function public.get_epoch_records(text) from public, anon, authenticated, service_role;
grant execute on function public.get_epoch_records(text) to service_role;

-- Adds records [{hash, record}] in their order; those that are there already stay. One call at a time: each may have them
-- in an order of its own.
create function public.add_epoch_records(team text, records jsonb) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select pg_advisory_xact_lock(hashtextextended('vibetea.add_epoch_records', 0));
  insert into vibetea.epoch_records (team, hash, record)
  select add_epoch_records.team, given.value ->> 'hash', given.value ->> 'record'
  from jsonb_array_elements(records) with ordinality as given(value, place)
  order by given.place
  on conflict do nothing;
end;
revoke all on function public.add_epoch_records(text, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.add_epoch_records(text, jsonb) to service_role;

-- Binds each source of {source: device} to its device where none has it, and answers who has each: {source: device}. A
-- device gets 8 at most, as in a node: a machine is renamed now and then, not all the time.
create function public.bind_sources(bindings jsonb) returns jsonb
language plpgsql volatile security invoker set search_path = '' as $$
begin
  insert into vibetea.source_bindings (source, device)
  select given.key, given.value
  from (
    select key, value, row_number() over (partition by value order by key) as place
    from jsonb_each_text(bindings)
    where not exists (select from vibetea.source_bindings as bound where bound.source = key)
  ) as given
  where given.place <= 8 - (select count(*) from vibetea.source_bindings as bound where bound.device = given.value)
  order by given.key
  on conflict do nothing;
  -- A statement of its own sees what another writer has bound meanwhile.
  return (
    select coalesce(jsonb_object_agg(bound.source, bound.device), '{}')
    from vibetea.source_bindings as bound
    where bound.source in (select jsonb_object_keys(bindings))
  );
end
$$;
revoke all on function public.bind_sources(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.bind_sources(jsonb) to service_role;
