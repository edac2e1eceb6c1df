-- Receiving only: nothing that is broadcast comes from a client.
create policy "Those who may follow a topic receive it" on realtime.messages
  for select to authenticated
  using (extension = 'broadcast' and (select private.may_follow((select realtime.topic()))));
