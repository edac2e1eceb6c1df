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

create function private.render_html(p_text text, p_links text[])
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  v_html text := private.escape_html(p_text);
  v_link text;
begin
  foreach v_link in array p_links loop
    v_link := private.escape_html(v_link);
    -- Only the links a mail is about can be clicked, never an address somebody put into a name.
    if v_link ~ '^https?://' then
      v_html := replace(v_html, v_link, format('<a href="%1$s">%1$s</a>', v_link));
    end if;
  end loop;
  return '<p>' || replace(replace(v_html, E'\n\n', '</p><p>'), E'\n', '<br>') || '</p>';
end;
$$;

comment on function private.render_html(text, text[]) is 'A plain text as HTML: paragraphs, lines, and the named links clickable.';

revoke all on function private.render_html(text, text[]) from public;

create function private.message_footer(p_category text)
returns text
language sql
stable
security invoker
set search_path = ''
as $$
  select E'\n\nChoose which messages you get: ' || private.setting('app_url') || '/settings/messages'
  from public.message_categories as category
  where category.key = p_category and category.is_optional;
$$;

comment on function private.message_footer(text) is 'What a mail that nobody has to get ends with; null for the others.';

revoke all on function private.message_footer(text) from public;

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
  regexp_replace(private.fill_template(template.subject, filled.variables), '[[:cntrl:]]+', ' ', 'g') as subject,
  filled.text as body_text,
  case when message.channel = 'email' then
    private.render_html(
      filled.text, array_remove(array[filled.variables ->> 'link', private.setting('app_url') || '/settings/messages'], null)
    )
  end as body_html
from private.messages as message
join private.message_templates as template
  on template.key = message.template_key and template.channel = message.channel
cross join lateral (
  select
    message.variables || message.secrets as variables,
    private.fill_template(template.body, message.variables || message.secrets)
      || case when message.channel = 'email' then coalesce(private.message_footer(message.category), '') else '' end as text
) as filled;

comment on view private.rendered_messages is
  'Messages as their recipients read them: what the sender sends and the inbox page shows. Places of secrets that are gone are empty.';
