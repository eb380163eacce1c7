-- Retention looks every hour for wishes to be told that nobody confirmed.
create index subscriptions_unconfirmed on subscriptions (created_at) where confirmed_at is null;
