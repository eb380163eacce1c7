-- What other desks decided, told by their own systems: each community (a desk
-- next door, as its system names itself) teaches a model of its own. Rows come
-- only by keys whose policy allows learning.

create table communities (
  id         text primary key,
  site_id    text not null default '', -- the key's site; '': keys of all sites
  name       text not null,            -- the community id that the client sends
  key_id     text not null,            -- the key that last taught it
  seq        bigint not null default 0, -- number of its last suggestion
  model      {{bytes}},                -- what was learned on top of the base
  model_seq  bigint not null default 0, -- up to which suggestion
  created_at bigint not null,
  taught_at  bigint not null,
  unique (site_id, name)
);
create index communities_key on communities (key_id, taught_at);

create table suggestions (
  community_id text not null references communities(id),
  seq          bigint not null,
  ref          text not null default '', -- the client's name of the comment
  comment      text not null,            -- '' once erased
  parent       text not null default '',
  article      text not null default '', -- JSON, as the client sent it
  rule         text not null default '', -- named as broken, beside the verdict
  refused      integer not null,         -- the desk's verdict
  scored       double precision,         -- what the model said before it learned this; null: not checked
  base         double precision,         -- what the base said
  version      text not null,            -- of the model that said so
  later        bigint not null default 0, -- the suggestion that replaced this one
  at           bigint not null,
  primary key (community_id, seq)
){{clustered}};
create index suggestions_ref on suggestions (community_id, ref, later);
create index suggestions_at on suggestions (at);
