create function private.escape_html(p_text text)
returns text
language sql
immutable
security invoker
set search_path = ''
as $$
  select replace(replace(replace(replace(replace(
    p_text, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;');
$$;

revoke all on function private.escape_html(text) from public;

create function private.fill_template(p_template text, p_variables jsonb)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  v_result text := '';
  v_rest text := p_template;
  v_name text;
begin
  -- One pass from left to right, so that a value which looks like a place is never filled again.
  loop
    v_name := substring(v_rest from '\{\{([a-z_]+)\}\}');
    exit when v_name is null;
    v_result := v_result
      || left(v_rest, strpos(v_rest, '{{' || v_name || '}}') - 1)
      || coalesce(p_variables ->> v_name, '');
    v_rest := substr(v_rest, strpos(v_rest, '{{' || v_name || '}}') + char_length(v_name) + 4);
  end loop;
  return v_result || v_rest;
end;
$$;

comment on function private.fill_template(text, jsonb) is 'Replaces each {{name}} by the variable of that name, or by nothing.';

revoke all on function private.fill_template(text, jsonb) from public;

create view private.rendered_messages
with (security_invoker = true)
as
select
  message.id,
  message.created_at,
  message.channel,
  message.recipient,
  message.status,
  message.template_key as template,
  -- A header is one line, whatever the variables hold.
  regexp_replace(private.fill_template(template.subject, message.variables), '[[:cntrl:]]+', ' ', 'g') as subject,
  private.fill_template(template.body, message.variables) as body_text,
  case when message.channel = 'email' then
    '<p>'
    || replace(
      -- Only the link a mail is about can be clicked, never an address somebody put into a name.
      replace(
        private.escape_html(private.fill_template(template.body, message.variables)),
        private.escape_html(coalesce(nullif(message.variables ->> 'link', ''), chr(1))),
        format('<a href="%1$s">%1$s</a>', private.escape_html(message.variables ->> 'link'))
      ),
      E'\n\n', '</p><p>'
    )
    || '</p>'
  end as body_html
from private.messages as message
join private.message_templates as template
  on template.key = message.template_key and template.channel = message.channel;

comment on view private.rendered_messages is 'Messages as their recipients read them: what the sender sends and the inbox page shows.';
