-- Settled cases, to practise on: a comment whose decision stands, with the reasoning.
create table cases (
  id         text primary key,
  site_id    text not null references sites(id),
  comment_id text not null references comments(id),
  revision   integer not null,
  step       text not null check (step in ('approve', 'reject')),
  rule       text not null default '',
  why        text not null,
  editor_id  text not null references editors(id),
  created_at bigint not null,
  retired_at bigint
);
create index cases_site on cases (site_id, created_at);

-- A calibration round: some cases that those who wish decide once more, each alone.
create table rounds (
  id         text primary key,
  site_id    text not null references sites(id),
  name       text not null,
  cases      text not null, -- ids in their order, JSON
  editor_id  text not null references editors(id),
  created_at bigint not null,
  closed_at  bigint
);
create index rounds_site on rounds (site_id, created_at);

-- One person's answer. Others see only what all have answered together.
create table answers (
  round_id  text not null references rounds(id),
  case_id   text not null references cases(id),
  editor_id text not null references editors(id),
  step      text not null,
  rule      text not null default '',
  at        bigint not null,
  primary key (round_id, case_id, editor_id)
);
