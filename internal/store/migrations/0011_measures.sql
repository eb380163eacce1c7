-- What the desk keeps in mind about a proven author, and what follows from it.
create table measures (
  id         text primary key,
  site_id    text not null references sites(id),
  author_id  text not null references authors(id),
  kind       text not null check (kind in ('note','warning','second','suspend','ban')),
  reason     text not null,
  until      bigint, -- null: without end
  editor_id  text not null references editors(id),
  created_at bigint not null,
  lifted_at  bigint,
  lifted_by  text references editors(id)
);
create index measures_author on measures (author_id, created_at);
