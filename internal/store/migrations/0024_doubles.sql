-- Decided comments that a second person judges without knowing what was decided.
-- The judgement changes nothing about the comment; it shows how far a desk agrees.
create table doubles (
  id          text primary key,
  decision_id text not null unique references decisions(id),
  site_id     text not null,
  article_id  text not null,
  comment_id  text not null,
  revision    integer not null,
  ready_at    bigint not null, -- when the hold of the decision ends
  editor_id   text references editors(id), -- who has it on the screen, or judged
  holder      text not null default '', -- that person's browser
  until       bigint not null default 0, -- so long it is theirs
  step        text not null default '' check (step in ('', 'approve', 'reject')),
  rule        text not null default '',
  answered_at bigint,
  talked_at   bigint, -- a disagreement was talked about
  talked_by   text references editors(id)
);
create index doubles_open on doubles (site_id, ready_at) where answered_at is null;
create index doubles_all_open on doubles (ready_at) where answered_at is null;
create index doubles_answered on doubles (site_id, answered_at) where answered_at is not null;
create index doubles_holder on doubles (editor_id) where answered_at is null;
