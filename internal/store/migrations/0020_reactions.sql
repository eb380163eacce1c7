-- What readers think of a released comment, without a login. A row holds the
-- rotating hash of an address until the hash means nothing any more; the sums stay.
create table reactions (
  comment_id  text not null references comments(id),
  kind        text not null,
  sender_hash text not null,
  at          bigint not null,
  primary key (comment_id, kind, sender_hash)
);
create index reactions_at on reactions (at);

create table reaction_counts (
  comment_id text not null references comments(id),
  kind       text not null,
  n          integer not null,
  primary key (comment_id, kind)
);
