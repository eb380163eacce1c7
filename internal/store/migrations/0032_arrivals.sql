-- Whether an event took nothing from readers: a comment came, and nothing else
-- changed. A node of the version before writes 0, which any change may be.
alter table outbox add column adds integer not null default 0;
