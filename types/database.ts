export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  "public": {
    Tables: {
      "api_key_scopes": {
        Row: {
          "description": string;
          "key": string;
          "permission_key": string;
        };
        ComputedFields: never;
        Insert: {
          "description": string;
          "key": string;
          "permission_key": string;
        };
        Update: {
          "description"?: string;
          "key"?: string;
          "permission_key"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "api_key_scopes_permission_key_fkey";
            columns: ["permission_key"];
            isOneToOne: false;
            referencedRelation: "permissions";
            referencedColumns: ["key"];
          },
        ];
      };
      "api_key_usage": {
        Row: {
          "api_key_id": string;
          "calls": number;
          "day": string;
          "failures": number;
          "last_call_at": string | null;
          "last_call_from": unknown;
          "last_failure_at": string | null;
          "last_failure_from": unknown;
          "last_failure_reason": string | null;
        };
        ComputedFields: never;
        Insert: {
          "api_key_id": string;
          "calls"?: number;
          "day": string;
          "failures"?: number;
          "last_call_at"?: string | null;
          "last_call_from"?: unknown;
          "last_failure_at"?: string | null;
          "last_failure_from"?: unknown;
          "last_failure_reason"?: string | null;
        };
        Update: {
          "api_key_id"?: string;
          "calls"?: number;
          "day"?: string;
          "failures"?: number;
          "last_call_at"?: string | null;
          "last_call_from"?: unknown;
          "last_failure_at"?: string | null;
          "last_failure_from"?: unknown;
          "last_failure_reason"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "api_key_usage_api_key_id_fkey";
            columns: ["api_key_id"];
            isOneToOne: false;
            referencedRelation: "api_keys";
            referencedColumns: ["id"];
          },
        ];
      };
      "api_keys": {
        Row: {
          "allowed_networks": (unknown)[] | null;
          "created_at": string;
          "created_by": string | null;
          "description": string | null;
          "expires_at": string | null;
          "id": string;
          "name": string;
          "organization_id": string;
          "prefix": string;
          "revoked_at": string | null;
          "scopes": (string)[];
          "system_id": string | null;
          "updated_at": string;
          "venue_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "allowed_networks"?: (unknown)[] | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "description"?: string | null;
          "expires_at"?: string | null;
          "id"?: string;
          "name": string;
          "organization_id": string;
          "prefix": string;
          "revoked_at"?: string | null;
          "scopes": (string)[];
          "system_id"?: string | null;
          "updated_at"?: string;
          "venue_id"?: string | null;
        };
        Update: {
          "allowed_networks"?: (unknown)[] | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "description"?: string | null;
          "expires_at"?: string | null;
          "id"?: string;
          "name"?: string;
          "organization_id"?: string;
          "prefix"?: string;
          "revoked_at"?: string | null;
          "scopes"?: (string)[];
          "system_id"?: string | null;
          "updated_at"?: string;
          "venue_id"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "api_keys_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "api_keys_system_id_fkey";
            columns: ["system_id"];
            isOneToOne: false;
            referencedRelation: "systems";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "api_keys_venue_id_fkey";
            columns: ["venue_id"];
            isOneToOne: false;
            referencedRelation: "venues";
            referencedColumns: ["id"];
          },
        ];
      };
      "audit_entries": {
        Row: {
          "actor_id": string | null;
          "actor_kind": string;
          "actor_name": string | null;
          "address": unknown;
          "created_at": string;
          "delegated_access_id": string | null;
          "http_request_id": string | null;
          "id": number;
          "new_values": Json | null;
          "old_values": Json | null;
          "operation": string;
          "organization_id": string | null;
          "row_key": string;
          "table_name": string;
          "user_agent": string | null;
        };
        ComputedFields: never;
        Insert: {
          "actor_id"?: string | null;
          "actor_kind": string;
          "actor_name"?: string | null;
          "address"?: unknown;
          "created_at"?: string;
          "delegated_access_id"?: string | null;
          "http_request_id"?: string | null;
          "id"?: never;
          "new_values"?: Json | null;
          "old_values"?: Json | null;
          "operation": string;
          "organization_id"?: string | null;
          "row_key": string;
          "table_name": string;
          "user_agent"?: string | null;
        };
        Update: {
          "actor_id"?: string | null;
          "actor_kind"?: string;
          "actor_name"?: string | null;
          "address"?: unknown;
          "created_at"?: string;
          "delegated_access_id"?: string | null;
          "http_request_id"?: string | null;
          "id"?: never;
          "new_values"?: Json | null;
          "old_values"?: Json | null;
          "operation"?: string;
          "organization_id"?: string | null;
          "row_key"?: string;
          "table_name"?: string;
          "user_agent"?: string | null;
        };
        Relationships: [];
      };
      "blocked_songs": {
        Row: {
          "artist": string;
          "created_at": string;
          "created_by": string | null;
          "song_id": number;
          "title": string;
          "venue_id": string;
        };
        ComputedFields: never;
        Insert: {
          "artist": string;
          "created_at"?: string;
          "created_by"?: string | null;
          "song_id": number;
          "title": string;
          "venue_id": string;
        };
        Update: {
          "artist"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "song_id"?: number;
          "title"?: string;
          "venue_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "blocked_songs_song_id_fkey";
            columns: ["song_id"];
            isOneToOne: false;
            referencedRelation: "songs";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "blocked_songs_venue_id_fkey";
            columns: ["venue_id"];
            isOneToOne: false;
            referencedRelation: "venues";
            referencedColumns: ["id"];
          },
        ];
      };
      "delegated_access_sessions": {
        Row: {
          "admin_id": string;
          "can_write": boolean;
          "created_at": string;
          "ended_at": string | null;
          "expires_at": string;
          "id": string;
          "organization_id": string;
          "reason": string;
        };
        ComputedFields: never;
        Insert: {
          "admin_id": string;
          "can_write": boolean;
          "created_at"?: string;
          "ended_at"?: string | null;
          "expires_at": string;
          "id"?: string;
          "organization_id": string;
          "reason": string;
        };
        Update: {
          "admin_id"?: string;
          "can_write"?: boolean;
          "created_at"?: string;
          "ended_at"?: string | null;
          "expires_at"?: string;
          "id"?: string;
          "organization_id"?: string;
          "reason"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "delegated_access_sessions_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "favorite_songs": {
        Row: {
          "artist": string;
          "created_at": string;
          "fingerprint": string;
          "id": string;
          "key_change": number;
          "metadata": NonNullable<Json>;
          "title": string;
          "updated_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "artist": string;
          "created_at"?: string;
          "fingerprint"?: string;
          "id"?: string;
          "key_change"?: number;
          "metadata"?: NonNullable<Json>;
          "title": string;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Update: {
          "artist"?: string;
          "created_at"?: string;
          "fingerprint"?: string;
          "id"?: string;
          "key_change"?: number;
          "metadata"?: NonNullable<Json>;
          "title"?: string;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Relationships: [];
      };
      "favorite_venues": {
        Row: {
          "created_at": string;
          "user_id": string;
          "venue_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "user_id"?: string;
          "venue_id": string;
        };
        Update: {
          "created_at"?: string;
          "user_id"?: string;
          "venue_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "favorite_venues_venue_id_fkey";
            columns: ["venue_id"];
            isOneToOne: false;
            referencedRelation: "venues";
            referencedColumns: ["id"];
          },
        ];
      };
      "message_categories": {
        Row: {
          "channels": (string)[];
          "default_channels": (string)[];
          "description": string;
          "is_optional": boolean;
          "key": string;
          "rank": number;
        };
        ComputedFields: never;
        Insert: {
          "channels": (string)[];
          "default_channels": (string)[];
          "description": string;
          "is_optional": boolean;
          "key": string;
          "rank": number;
        };
        Update: {
          "channels"?: (string)[];
          "default_channels"?: (string)[];
          "description"?: string;
          "is_optional"?: boolean;
          "key"?: string;
          "rank"?: number;
        };
        Relationships: [];
      };
      "message_preferences": {
        Row: {
          "category": string;
          "channel": string;
          "is_enabled": boolean;
          "updated_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "category": string;
          "channel": string;
          "is_enabled": boolean;
          "updated_at"?: string;
          "user_id": string;
        };
        Update: {
          "category"?: string;
          "channel"?: string;
          "is_enabled"?: boolean;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "message_preferences_category_fkey";
            columns: ["category"];
            isOneToOne: false;
            referencedRelation: "message_categories";
            referencedColumns: ["key"];
          },
        ];
      };
      "notifications": {
        Row: {
          "category": string;
          "created_at": string;
          "data": NonNullable<Json>;
          "id": number;
          "idempotency_key": string | null;
          "kind": string;
          "read_at": string | null;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "category": string;
          "created_at"?: string;
          "data"?: NonNullable<Json>;
          "id"?: never;
          "idempotency_key"?: string | null;
          "kind": string;
          "read_at"?: string | null;
          "user_id": string;
        };
        Update: {
          "category"?: string;
          "created_at"?: string;
          "data"?: NonNullable<Json>;
          "id"?: never;
          "idempotency_key"?: string | null;
          "kind"?: string;
          "read_at"?: string | null;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "notifications_category_fkey";
            columns: ["category"];
            isOneToOne: false;
            referencedRelation: "message_categories";
            referencedColumns: ["key"];
          },
        ];
      };
      "organization_invitations": {
        Row: {
          "answered_at": string | null;
          "created_at": string;
          "email": string;
          "expires_at": string;
          "grants": (string)[];
          "id": string;
          "invited_by": string | null;
          "organization_id": string;
          "role_key": string;
          "status": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "answered_at"?: string | null;
          "created_at"?: string;
          "email": string;
          "expires_at"?: string;
          "grants"?: (string)[];
          "id"?: string;
          "invited_by"?: string | null;
          "organization_id": string;
          "role_key": string;
          "status"?: string;
          "updated_at"?: string;
        };
        Update: {
          "answered_at"?: string | null;
          "created_at"?: string;
          "email"?: string;
          "expires_at"?: string;
          "grants"?: (string)[];
          "id"?: string;
          "invited_by"?: string | null;
          "organization_id"?: string;
          "role_key"?: string;
          "status"?: string;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "organization_invitations_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "organization_invitations_role_key_fkey";
            columns: ["role_key"];
            isOneToOne: false;
            referencedRelation: "roles";
            referencedColumns: ["key"];
          },
        ];
      };
      "organization_member_permissions": {
        Row: {
          "created_at": string;
          "effect": string;
          "organization_member_id": string;
          "permission_key": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "effect": string;
          "organization_member_id": string;
          "permission_key": string;
        };
        Update: {
          "created_at"?: string;
          "effect"?: string;
          "organization_member_id"?: string;
          "permission_key"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "organization_member_permissions_organization_member_id_fkey";
            columns: ["organization_member_id"];
            isOneToOne: false;
            referencedRelation: "organization_members";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "organization_member_permissions_permission_key_fkey";
            columns: ["permission_key"];
            isOneToOne: false;
            referencedRelation: "permissions";
            referencedColumns: ["key"];
          },
        ];
      };
      "organization_members": {
        Row: {
          "created_at": string;
          "id": string;
          "organization_id": string;
          "role_key": string;
          "status": string;
          "updated_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "id"?: string;
          "organization_id": string;
          "role_key": string;
          "status"?: string;
          "updated_at"?: string;
          "user_id": string;
        };
        Update: {
          "created_at"?: string;
          "id"?: string;
          "organization_id"?: string;
          "role_key"?: string;
          "status"?: string;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "organization_members_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "organization_members_role_key_fkey";
            columns: ["role_key"];
            isOneToOne: false;
            referencedRelation: "roles";
            referencedColumns: ["key"];
          },
        ];
      };
      "organizations": {
        Row: {
          "contact_email": string | null;
          "contact_phone": string | null;
          "created_at": string;
          "id": string;
          "legal_name": string | null;
          "name": string;
          "require_mfa": boolean;
          "time_zone": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "contact_email"?: string | null;
          "contact_phone"?: string | null;
          "created_at"?: string;
          "id"?: string;
          "legal_name"?: string | null;
          "name": string;
          "require_mfa"?: boolean;
          "time_zone"?: string;
          "updated_at"?: string;
        };
        Update: {
          "contact_email"?: string | null;
          "contact_phone"?: string | null;
          "created_at"?: string;
          "id"?: string;
          "legal_name"?: string | null;
          "name"?: string;
          "require_mfa"?: boolean;
          "time_zone"?: string;
          "updated_at"?: string;
        };
        Relationships: [];
      };
      "performances": {
        Row: {
          "artist": string;
          "fingerprint": string;
          "id": number;
          "key_change": number;
          "organization_id": string;
          "performed_at": string;
          "request_id": number;
          "show_id": string | null;
          "singer_name": string;
          "singer_user_id": string | null;
          "song_id": number | null;
          "title": string;
          "venue_id": string;
        };
        ComputedFields: never;
        Insert: {
          "artist": string;
          "fingerprint": string;
          "id"?: never;
          "key_change": number;
          "organization_id": string;
          "performed_at"?: string;
          "request_id": number;
          "show_id"?: string | null;
          "singer_name": string;
          "singer_user_id"?: string | null;
          "song_id"?: number | null;
          "title": string;
          "venue_id": string;
        };
        Update: {
          "artist"?: string;
          "fingerprint"?: string;
          "id"?: never;
          "key_change"?: number;
          "organization_id"?: string;
          "performed_at"?: string;
          "request_id"?: number;
          "show_id"?: string | null;
          "singer_name"?: string;
          "singer_user_id"?: string | null;
          "song_id"?: number | null;
          "title"?: string;
          "venue_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "performances_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "performances_request_id_fkey";
            columns: ["request_id"];
            isOneToOne: true;
            referencedRelation: "requests";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "performances_show_id_fkey";
            columns: ["show_id"];
            isOneToOne: false;
            referencedRelation: "shows";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "performances_venue_id_fkey";
            columns: ["venue_id"];
            isOneToOne: false;
            referencedRelation: "venues";
            referencedColumns: ["id"];
          },
        ];
      };
      "permissions": {
        Row: {
          "description": string;
          "key": string;
        };
        ComputedFields: never;
        Insert: {
          "description": string;
          "key": string;
        };
        Update: {
          "description"?: string;
          "key"?: string;
        };
        Relationships: [];
      };
      "profiles": {
        Row: {
          "created_at": string;
          "display_name": string | null;
          "name": string | null;
          "updated_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "display_name"?: string | null;
          "name"?: string | null;
          "updated_at"?: string;
          "user_id": string;
        };
        Update: {
          "created_at"?: string;
          "display_name"?: string | null;
          "name"?: string | null;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Relationships: [];
      };
      "request_events": {
        Row: {
          "changed_at": string;
          "changed_by": string | null;
          "from_state": string | null;
          "id": number;
          "reason": string | null;
          "request_id": number;
          "source": string;
          "to_state": string;
        };
        ComputedFields: never;
        Insert: {
          "changed_at"?: string;
          "changed_by"?: string | null;
          "from_state"?: string | null;
          "id"?: never;
          "reason"?: string | null;
          "request_id": number;
          "source": string;
          "to_state": string;
        };
        Update: {
          "changed_at"?: string;
          "changed_by"?: string | null;
          "from_state"?: string | null;
          "id"?: never;
          "reason"?: string | null;
          "request_id"?: number;
          "source"?: string;
          "to_state"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "request_events_from_state_fkey";
            columns: ["from_state"];
            isOneToOne: false;
            referencedRelation: "request_states";
            referencedColumns: ["key"];
          },
          {
            foreignKeyName: "request_events_request_id_fkey";
            columns: ["request_id"];
            isOneToOne: false;
            referencedRelation: "requests";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "request_events_to_state_fkey";
            columns: ["to_state"];
            isOneToOne: false;
            referencedRelation: "request_states";
            referencedColumns: ["key"];
          },
        ];
      };
      "request_states": {
        Row: {
          "description": string;
          "is_active": boolean;
          "key": string;
        };
        ComputedFields: never;
        Insert: {
          "description": string;
          "is_active": boolean;
          "key": string;
        };
        Update: {
          "description"?: string;
          "is_active"?: boolean;
          "key"?: string;
        };
        Relationships: [];
      };
      "request_transitions": {
        Row: {
          "actor": string;
          "from_state": string;
          "to_state": string;
        };
        ComputedFields: never;
        Insert: {
          "actor": string;
          "from_state": string;
          "to_state": string;
        };
        Update: {
          "actor"?: string;
          "from_state"?: string;
          "to_state"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "request_transitions_from_state_fkey";
            columns: ["from_state"];
            isOneToOne: false;
            referencedRelation: "request_states";
            referencedColumns: ["key"];
          },
          {
            foreignKeyName: "request_transitions_to_state_fkey";
            columns: ["to_state"];
            isOneToOne: false;
            referencedRelation: "request_states";
            referencedColumns: ["key"];
          },
        ];
      };
      "requests": {
        Row: {
          "artist": string;
          "fingerprint": string;
          "id": number;
          "idempotency_digest": string | null;
          "idempotency_key": string | null;
          "key_change": number;
          "notes": string | null;
          "openkj_request_id": number;
          "organization_id": string;
          "processed": boolean;
          "processed_at": string | null;
          "queued_as_of": string | null;
          "reason": string | null;
          "requested_at": string;
          "show_id": string | null;
          "singer_name": string;
          "singer_names": (string)[];
          "singer_user_id": string | null;
          "song_id": number | null;
          "sort_order": number | null;
          "state": string;
          "submitted_by": string | null;
          "title": string;
          "updated_at": string;
          "venue_id": string;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "artist": string;
          "fingerprint"?: never;
          "id"?: never;
          "idempotency_digest"?: string | null;
          "idempotency_key"?: string | null;
          "key_change"?: number;
          "notes"?: string | null;
          "openkj_request_id": number;
          "organization_id": string;
          "processed"?: never;
          "processed_at"?: string | null;
          "queued_as_of"?: string | null;
          "reason"?: string | null;
          "requested_at"?: string;
          "show_id"?: string | null;
          "singer_name"?: never;
          "singer_names": (string)[];
          "singer_user_id"?: string | null;
          "song_id"?: number | null;
          "sort_order"?: number | null;
          "state"?: string;
          "submitted_by"?: string | null;
          "title": string;
          "updated_at"?: string;
          "venue_id": string;
          "version"?: number;
        };
        Update: {
          "artist"?: string;
          "fingerprint"?: never;
          "id"?: never;
          "idempotency_digest"?: string | null;
          "idempotency_key"?: string | null;
          "key_change"?: number;
          "notes"?: string | null;
          "openkj_request_id"?: number;
          "organization_id"?: string;
          "processed"?: never;
          "processed_at"?: string | null;
          "queued_as_of"?: string | null;
          "reason"?: string | null;
          "requested_at"?: string;
          "show_id"?: string | null;
          "singer_name"?: never;
          "singer_names"?: (string)[];
          "singer_user_id"?: string | null;
          "song_id"?: number | null;
          "sort_order"?: number | null;
          "state"?: string;
          "submitted_by"?: string | null;
          "title"?: string;
          "updated_at"?: string;
          "venue_id"?: string;
          "version"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "requests_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "requests_show_id_fkey";
            columns: ["show_id"];
            isOneToOne: false;
            referencedRelation: "shows";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "requests_state_fkey";
            columns: ["state"];
            isOneToOne: false;
            referencedRelation: "request_states";
            referencedColumns: ["key"];
          },
          {
            foreignKeyName: "requests_venue_id_fkey";
            columns: ["venue_id"];
            isOneToOne: false;
            referencedRelation: "venues";
            referencedColumns: ["id"];
          },
        ];
      };
      "role_permissions": {
        Row: {
          "permission_key": string;
          "role_key": string;
        };
        ComputedFields: never;
        Insert: {
          "permission_key": string;
          "role_key": string;
        };
        Update: {
          "permission_key"?: string;
          "role_key"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "role_permissions_permission_key_fkey";
            columns: ["permission_key"];
            isOneToOne: false;
            referencedRelation: "permissions";
            referencedColumns: ["key"];
          },
          {
            foreignKeyName: "role_permissions_role_key_fkey";
            columns: ["role_key"];
            isOneToOne: false;
            referencedRelation: "roles";
            referencedColumns: ["key"];
          },
        ];
      };
      "roles": {
        Row: {
          "description": string;
          "is_platform_role": boolean;
          "key": string;
          "name": string;
          "rank": number;
        };
        ComputedFields: never;
        Insert: {
          "description": string;
          "is_platform_role"?: boolean;
          "key": string;
          "name": string;
          "rank": number;
        };
        Update: {
          "description"?: string;
          "is_platform_role"?: boolean;
          "key"?: string;
          "name"?: string;
          "rank"?: number;
        };
        Relationships: [];
      };
      "shows": {
        Row: {
          "closed_at": string | null;
          "id": string;
          "last_activity_at": string;
          "opened_at": string;
          "opened_by": string | null;
          "organization_id": string;
          "venue_id": string;
        };
        ComputedFields: never;
        Insert: {
          "closed_at"?: string | null;
          "id"?: string;
          "last_activity_at"?: string;
          "opened_at"?: string;
          "opened_by"?: string | null;
          "organization_id": string;
          "venue_id": string;
        };
        Update: {
          "closed_at"?: string | null;
          "id"?: string;
          "last_activity_at"?: string;
          "opened_at"?: string;
          "opened_by"?: string | null;
          "organization_id"?: string;
          "venue_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "shows_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "shows_venue_id_fkey";
            columns: ["venue_id"];
            isOneToOne: false;
            referencedRelation: "venues";
            referencedColumns: ["id"];
          },
        ];
      };
      "singer_profiles": {
        Row: {
          "avatar_path": string | null;
          "created_at": string;
          "id": string;
          "nickname": string | null;
          "preferences": NonNullable<Json>;
          "updated_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "avatar_path"?: string | null;
          "created_at"?: string;
          "id"?: string;
          "nickname"?: string | null;
          "preferences"?: NonNullable<Json>;
          "updated_at"?: string;
          "user_id": string;
        };
        Update: {
          "avatar_path"?: string | null;
          "created_at"?: string;
          "id"?: string;
          "nickname"?: string | null;
          "preferences"?: NonNullable<Json>;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Relationships: [];
      };
      "song_imports": {
        Row: {
          "bytes_done": number;
          "bytes_total": number;
          "columns": Json | null;
          "created_at": string;
          "created_by": string | null;
          "encoding": string | null;
          "errors": NonNullable<Json>;
          "failure": Json | null;
          "finished_at": string | null;
          "format": string;
          "id": string;
          "is_dry_run": boolean;
          "mode": string;
          "organization_id": string;
          "path": string;
          "rows_done": number;
          "rows_invalid": number;
          "rows_total": number | null;
          "rows_valid": number;
          "runs": number;
          "songs_added": number | null;
          "songs_removed": number | null;
          "started_at": string | null;
          "state": string;
          "system_id": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "bytes_done"?: number;
          "bytes_total": number;
          "columns"?: Json | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "encoding"?: string | null;
          "errors"?: NonNullable<Json>;
          "failure"?: Json | null;
          "finished_at"?: string | null;
          "format": string;
          "id"?: string;
          "is_dry_run": boolean;
          "mode": string;
          "organization_id": string;
          "path": string;
          "rows_done"?: number;
          "rows_invalid"?: number;
          "rows_total"?: number | null;
          "rows_valid"?: number;
          "runs"?: number;
          "songs_added"?: number | null;
          "songs_removed"?: number | null;
          "started_at"?: string | null;
          "state"?: string;
          "system_id": string;
          "updated_at"?: string;
        };
        Update: {
          "bytes_done"?: number;
          "bytes_total"?: number;
          "columns"?: Json | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "encoding"?: string | null;
          "errors"?: NonNullable<Json>;
          "failure"?: Json | null;
          "finished_at"?: string | null;
          "format"?: string;
          "id"?: string;
          "is_dry_run"?: boolean;
          "mode"?: string;
          "organization_id"?: string;
          "path"?: string;
          "rows_done"?: number;
          "rows_invalid"?: number;
          "rows_total"?: number | null;
          "rows_valid"?: number;
          "runs"?: number;
          "songs_added"?: number | null;
          "songs_removed"?: number | null;
          "started_at"?: string | null;
          "state"?: string;
          "system_id"?: string;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "song_imports_system_id_organization_id_fkey";
            columns: ["system_id", "organization_id"];
            isOneToOne: false;
            referencedRelation: "systems";
            referencedColumns: ["id", "organization_id"];
          },
        ];
      };
      "songs": {
        Row: {
          "created_at": string;
          "fingerprint": string;
          "id": number;
          "unused_since": string | null;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "fingerprint": string;
          "id"?: never;
          "unused_since"?: string | null;
        };
        Update: {
          "created_at"?: string;
          "fingerprint"?: string;
          "id"?: never;
          "unused_since"?: string | null;
        };
        Relationships: [];
      };
      "systems": {
        Row: {
          "configuration": NonNullable<Json>;
          "created_at": string;
          "id": string;
          "name": string;
          "openkj_system_id": number;
          "organization_id": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "configuration"?: NonNullable<Json>;
          "created_at"?: string;
          "id"?: string;
          "name": string;
          "openkj_system_id"?: number;
          "organization_id": string;
          "updated_at"?: string;
        };
        Update: {
          "configuration"?: NonNullable<Json>;
          "created_at"?: string;
          "id"?: string;
          "name"?: string;
          "openkj_system_id"?: number;
          "organization_id"?: string;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "systems_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "venue_bans": {
        Row: {
          "created_at": string;
          "created_by": string | null;
          "expires_at": string | null;
          "folded_name": string | null;
          "id": string;
          "organization_id": string;
          "reason": string | null;
          "singer_name": string;
          "user_id": string | null;
          "venue_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by"?: string | null;
          "expires_at"?: string | null;
          "folded_name"?: string | null;
          "id"?: string;
          "organization_id": string;
          "reason"?: string | null;
          "singer_name": string;
          "user_id"?: string | null;
          "venue_id"?: string | null;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string | null;
          "expires_at"?: string | null;
          "folded_name"?: string | null;
          "id"?: string;
          "organization_id"?: string;
          "reason"?: string | null;
          "singer_name"?: string;
          "user_id"?: string | null;
          "venue_id"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "venue_bans_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "venue_bans_venue_id_fkey";
            columns: ["venue_id"];
            isOneToOne: false;
            referencedRelation: "venues";
            referencedColumns: ["id"];
          },
        ];
      };
      "venue_branding": {
        Row: {
          "color_palette": NonNullable<Json>;
          "logo_url": string | null;
          "updated_at": string;
          "venue_id": string;
        };
        ComputedFields: never;
        Insert: {
          "color_palette"?: NonNullable<Json>;
          "logo_url"?: string | null;
          "updated_at"?: string;
          "venue_id": string;
        };
        Update: {
          "color_palette"?: NonNullable<Json>;
          "logo_url"?: string | null;
          "updated_at"?: string;
          "venue_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "venue_branding_venue_id_fkey";
            columns: ["venue_id"];
            isOneToOne: true;
            referencedRelation: "venues";
            referencedColumns: ["id"];
          },
        ];
      };
      "venue_opening_hours": {
        Row: {
          "closes_at": string;
          "opens_at": string;
          "venue_id": string;
          "weekday": number;
        };
        ComputedFields: never;
        Insert: {
          "closes_at": string;
          "opens_at": string;
          "venue_id": string;
          "weekday": number;
        };
        Update: {
          "closes_at"?: string;
          "opens_at"?: string;
          "venue_id"?: string;
          "weekday"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "venue_opening_hours_venue_id_fkey";
            columns: ["venue_id"];
            isOneToOne: false;
            referencedRelation: "venues";
            referencedColumns: ["id"];
          },
        ];
      };
      "venue_rules": {
        Row: {
          "cooldown_minutes": number | null;
          "free_text_allowed": boolean;
          "guests_allowed": boolean;
          "key_change_allowed": boolean;
          "last_call_minutes": number | null;
          "last_initial_required": boolean;
          "max_active_requests": number | null;
          "max_requests_per_hour": number | null;
          "notes_allowed": boolean;
          "queue_order": string;
          "queue_visibility": string;
          "same_song": string;
          "same_song_minutes": number | null;
          "updated_at": string;
          "venue_id": string;
        };
        ComputedFields: never;
        Insert: {
          "cooldown_minutes"?: number | null;
          "free_text_allowed"?: boolean;
          "guests_allowed"?: boolean;
          "key_change_allowed"?: boolean;
          "last_call_minutes"?: number | null;
          "last_initial_required"?: boolean;
          "max_active_requests"?: number | null;
          "max_requests_per_hour"?: number | null;
          "notes_allowed"?: boolean;
          "queue_order"?: string;
          "queue_visibility"?: string;
          "same_song"?: string;
          "same_song_minutes"?: number | null;
          "updated_at"?: string;
          "venue_id": string;
        };
        Update: {
          "cooldown_minutes"?: number | null;
          "free_text_allowed"?: boolean;
          "guests_allowed"?: boolean;
          "key_change_allowed"?: boolean;
          "last_call_minutes"?: number | null;
          "last_initial_required"?: boolean;
          "max_active_requests"?: number | null;
          "max_requests_per_hour"?: number | null;
          "notes_allowed"?: boolean;
          "queue_order"?: string;
          "queue_visibility"?: string;
          "same_song"?: string;
          "same_song_minutes"?: number | null;
          "updated_at"?: string;
          "venue_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "venue_rules_venue_id_fkey";
            columns: ["venue_id"];
            isOneToOne: true;
            referencedRelation: "venues";
            referencedColumns: ["id"];
          },
        ];
      };
      "venues": {
        Row: {
          "accepting_requests": boolean;
          "address": string;
          "archived_at": string | null;
          "city": string;
          "country": string;
          "created_at": string;
          "id": string;
          "is_private": boolean;
          "latitude": number | null;
          "location": unknown;
          "longitude": number | null;
          "name": string;
          "openkj_venue_id": number;
          "organization_id": string;
          "phone_number": string | null;
          "postal_code": string;
          "state": string;
          "system_id": string | null;
          "updated_at": string;
          "url_name": string;
          "website": string | null;
        };
        ComputedFields: never;
        Insert: {
          "accepting_requests"?: boolean;
          "address": string;
          "archived_at"?: string | null;
          "city": string;
          "country"?: string;
          "created_at"?: string;
          "id"?: string;
          "is_private"?: boolean;
          "latitude"?: number | null;
          "location"?: never;
          "longitude"?: number | null;
          "name": string;
          "openkj_venue_id"?: number;
          "organization_id": string;
          "phone_number"?: string | null;
          "postal_code": string;
          "state": string;
          "system_id"?: string | null;
          "updated_at"?: string;
          "url_name"?: string;
          "website"?: string | null;
        };
        Update: {
          "accepting_requests"?: boolean;
          "address"?: string;
          "archived_at"?: string | null;
          "city"?: string;
          "country"?: string;
          "created_at"?: string;
          "id"?: string;
          "is_private"?: boolean;
          "latitude"?: number | null;
          "location"?: never;
          "longitude"?: number | null;
          "name"?: string;
          "openkj_venue_id"?: number;
          "organization_id"?: string;
          "phone_number"?: string | null;
          "postal_code"?: string;
          "state"?: string;
          "system_id"?: string | null;
          "updated_at"?: string;
          "url_name"?: string;
          "website"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "venues_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "venues_system_id_organization_id_fkey";
            columns: ["system_id", "organization_id"];
            isOneToOne: false;
            referencedRelation: "systems";
            referencedColumns: ["id", "organization_id"];
          },
        ];
      };
    };
    Views: {
      [_ in never]: never;
    };
    Functions: {
      "accept_invitation": { Args: { "p_token": string }; Returns: string };
      "accept_ownership": { Args: { "p_organization_id": string }; Returns: undefined };
      "add_song": { Args: { "p_artist": string; "p_system_id": string; "p_title": string }; Returns: number };
      "add_songs": { Args: { "p_songs": Json; "p_system_id": string }; Returns: Json };
      "add_walk_up": {
        Args: {
          "p_artist"?: string;
          "p_idempotency_key"?: string;
          "p_key_change"?: number;
          "p_notes"?: string;
          "p_singer_names": (string)[];
          "p_song_id"?: number;
          "p_title"?: string;
          "p_venue_id": string;
        };
        Returns: {
          "artist": string;
          "fingerprint": string;
          "id": number;
          "idempotency_digest": string | null;
          "idempotency_key": string | null;
          "key_change": number;
          "notes": string | null;
          "openkj_request_id": number;
          "organization_id": string;
          "processed": boolean;
          "processed_at": string | null;
          "queued_as_of": string | null;
          "reason": string | null;
          "requested_at": string;
          "show_id": string | null;
          "singer_name": string;
          "singer_names": (string)[];
          "singer_user_id": string | null;
          "song_id": number | null;
          "sort_order": number | null;
          "state": string;
          "submitted_by": string | null;
          "title": string;
          "updated_at": string;
          "venue_id": string;
          "version": number;
        };
        SetofOptions: {
          from: "*";
          to: "requests";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "announce_last_call": { Args: { "p_minutes": number; "p_venue_id": string }; Returns: string };
      "announce_reading": { Args: { "p_id": string; "p_permissions": (string)[] }; Returns: string };
      "archive_venue": { Args: { "p_venue_id": string }; Returns: undefined };
      "ban_singer": {
        Args: {
          "p_all_venues"?: boolean;
          "p_by_name"?: boolean;
          "p_expires_at"?: string;
          "p_reason"?: string;
          "p_request_id": number;
        };
        Returns: string;
      };
      "block_song": { Args: { "p_song_id": number; "p_venue_id": string }; Returns: undefined };
      "browse_artist": {
        Args: { "p_artist": string; "p_limit"?: number; "p_offset"?: number; "p_venue_id": string };
        Returns: {
          "artist": string;
          "song_id": number;
          "title": string;
        }[];
      };
      "browse_artists": {
        Args: { "p_letter": string; "p_limit"?: number; "p_offset"?: number; "p_venue_id": string };
        Returns: {
          "artist": string;
          "songs": number;
          "total_count": number;
        }[];
      };
      "browse_letters": {
        Args: { "p_venue_id": string };
        Returns: {
          "artists": number;
          "letter": string;
          "songs": number;
        }[];
      };
      "cancel_request": {
        Args: { "p_request_id": number };
        Returns: {
          "artist": string;
          "fingerprint": string;
          "id": number;
          "idempotency_digest": string | null;
          "idempotency_key": string | null;
          "key_change": number;
          "notes": string | null;
          "openkj_request_id": number;
          "organization_id": string;
          "processed": boolean;
          "processed_at": string | null;
          "queued_as_of": string | null;
          "reason": string | null;
          "requested_at": string;
          "show_id": string | null;
          "singer_name": string;
          "singer_names": (string)[];
          "singer_user_id": string | null;
          "song_id": number | null;
          "sort_order": number | null;
          "state": string;
          "submitted_by": string | null;
          "title": string;
          "updated_at": string;
          "venue_id": string;
          "version": number;
        };
        SetofOptions: {
          from: "*";
          to: "requests";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "cancel_song_import": { Args: { "p_import_id": string }; Returns: undefined };
      "change_url_name": { Args: { "p_url_name": string; "p_venue_id": string }; Returns: string };
      "clear_queue": { Args: { "p_venue_id": string }; Returns: number };
      "clear_song_book": { Args: { "p_system_id": string }; Returns: number };
      "close_show": { Args: { "p_venue_id": string }; Returns: undefined };
      "confirm_password": { Args: { "p_password": string }; Returns: boolean };
      "count_backup_codes": { Args: Record<PropertyKey, never>; Returns: number };
      "create_api_key": {
        Args: {
          "p_allowed_networks"?: (unknown)[];
          "p_description"?: string;
          "p_expires_at"?: string;
          "p_name": string;
          "p_organization_id": string;
          "p_scopes": (string)[];
          "p_system_id"?: string;
          "p_venue_id"?: string;
        };
        Returns: Json;
      };
      "create_backup_codes": { Args: Record<PropertyKey, never>; Returns: (string)[] };
      "create_organization": {
        Args: { "p_name": string; "p_time_zone"?: string; "p_venue"?: Json };
        Returns: string;
      };
      "create_singer_profile": { Args: Record<PropertyKey, never>; Returns: string };
      "decline_invitation": { Args: { "p_token": string }; Returns: undefined };
      "decline_ownership": { Args: { "p_organization_id": string }; Returns: undefined };
      "delete_account": { Args: Record<PropertyKey, never>; Returns: undefined };
      "delete_song": { Args: { "p_song_id": number; "p_system_id": string }; Returns: undefined };
      "discard_book_upload": { Args: { "p_system_id": string }; Returns: undefined };
      "edit_request": {
        Args: { "p_key_change"?: number; "p_notes"?: string; "p_request_id": number };
        Returns: {
          "artist": string;
          "fingerprint": string;
          "id": number;
          "idempotency_digest": string | null;
          "idempotency_key": string | null;
          "key_change": number;
          "notes": string | null;
          "openkj_request_id": number;
          "organization_id": string;
          "processed": boolean;
          "processed_at": string | null;
          "queued_as_of": string | null;
          "reason": string | null;
          "requested_at": string;
          "show_id": string | null;
          "singer_name": string;
          "singer_names": (string)[];
          "singer_user_id": string | null;
          "song_id": number | null;
          "sort_order": number | null;
          "state": string;
          "submitted_by": string | null;
          "title": string;
          "updated_at": string;
          "venue_id": string;
          "version": number;
        };
        SetofOptions: {
          from: "*";
          to: "requests";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "end_delegated_access": { Args: { "p_id": string }; Returns: undefined };
      "end_session": { Args: { "p_session_id": string }; Returns: undefined };
      "enter_show": { Args: { "p_pin": string; "p_venue_id": string }; Returns: boolean };
      "export_account": { Args: Record<PropertyKey, never>; Returns: Json };
      "export_venue": {
        Args: {
          "p_after"?: number;
          "p_end"?: string;
          "p_limit"?: number;
          "p_start"?: string;
          "p_venue_id": string;
        };
        Returns: Json;
      };
      "find_venue": {
        Args: { "p_url_name": string };
        Returns: Database["public"]["CompositeTypes"]["venue_card"];
        SetofOptions: {
          from: "*";
          to: "venue_card";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "get_book_upload": { Args: { "p_system_id": string }; Returns: Json };
      "get_song": {
        Args: { "p_song_id": number; "p_system_id": string };
        Returns: {
          "artist": string;
          "song_id": number;
          "title": string;
        }[];
      };
      "invite_member": {
        Args: {
          "p_email": string;
          "p_grants"?: (string)[];
          "p_organization_id": string;
          "p_role_key": string;
        };
        Returns: string;
      };
      "leave_organization": { Args: { "p_organization_id": string }; Returns: undefined };
      "list_audit_entries": {
        Args: {
          "p_before"?: string;
          "p_before_id"?: number;
          "p_filters"?: Json;
          "p_limit"?: number;
          "p_organization_id"?: string;
        };
        Returns: {
          "actor_id": string;
          "actor_kind": string;
          "actor_name": string;
          "address": unknown;
          "created_at": string;
          "delegated_access_id": string;
          "http_request_id": string;
          "id": number;
          "new_values": Json;
          "old_values": Json;
          "operation": string;
          "organization_id": string;
          "row_key": string;
          "table_name": string;
          "user_agent": string;
        }[];
      };
      "list_favorite_songs": {
        Args: {
          "p_artist"?: string;
          "p_limit"?: number;
          "p_page"?: number;
          "p_search"?: string;
          "p_title"?: string;
          "p_venue_id"?: string;
        };
        Returns: {
          "artist": string;
          "created_at": string;
          "id": string;
          "is_available": boolean;
          "key_change": number;
          "metadata": Json;
          "song_id": number;
          "title": string;
          "total_count": number;
          "updated_at": string;
        }[];
      };
      "list_favorite_venues": {
        Args: {
          "p_city"?: string;
          "p_limit"?: number;
          "p_page"?: number;
          "p_search"?: string;
          "p_state"?: string;
        };
        Returns: {
          "accepting_requests": boolean;
          "added_at": string;
          "address": string;
          "city": string;
          "country": string;
          "is_archived": boolean;
          "name": string;
          "phone_number": string;
          "postal_code": string;
          "state": string;
          "total_count": number;
          "url_name": string;
          "venue_id": string;
          "website": string;
        }[];
      };
      "list_jobs": {
        Args: Record<PropertyKey, never>;
        Returns: {
          "description": string;
          "duration_ms": number;
          "failing_since": string;
          "failures": number;
          "last_error": string;
          "name": string;
          "runs": number;
          "schedule": string;
          "started_at": string;
          "succeeded_at": string;
        }[];
      };
      "list_members": {
        Args: {
          "p_limit"?: number;
          "p_organization_id": string;
          "p_page"?: number;
          "p_role_key"?: string;
          "p_search"?: string;
          "p_status"?: string;
        };
        Returns: {
          "denials": (string)[];
          "email": string;
          "grants": (string)[];
          "has_second_factor": boolean;
          "id": string;
          "joined_at": string;
          "name": string;
          "role_key": string;
          "status": string;
          "total_count": number;
          "user_id": string;
        }[];
      };
      "list_message_preferences": {
        Args: Record<PropertyKey, never>;
        Returns: {
          "category": string;
          "channel": string;
          "description": string;
          "is_enabled": boolean;
          "is_optional": boolean;
        }[];
      };
      "list_messages": {
        Args: { "p_before"?: string; "p_before_id"?: string; "p_limit"?: number; "p_status"?: string };
        Returns: {
          "attempts": Json;
          "category": string;
          "channel": string;
          "created_at": string;
          "id": string;
          "last_error": string;
          "provider": string;
          "provider_message_id": string;
          "recipient": string;
          "sent_at": string;
          "status": string;
          "template": string;
        }[];
      };
      "list_requests": {
        Args: {
          "p_after"?: number;
          "p_from"?: string;
          "p_limit"?: number;
          "p_organization_id": string;
          "p_page"?: number;
          "p_search"?: string;
          "p_states"?: (string)[];
          "p_until"?: string;
          "p_venue_id"?: string;
        };
        Returns: {
          "artist": string;
          "id": number;
          "key_change": number;
          "notes": string;
          "openkj_request_id": number;
          "processed": boolean;
          "processed_at": string;
          "reason": string;
          "requested_at": string;
          "show_id": string;
          "singer_name": string;
          "singer_names": (string)[];
          "singer_user_id": string;
          "song_id": number;
          "state": string;
          "title": string;
          "total_count": number;
          "venue_id": string;
          "version": number;
        }[];
      };
      "list_sessions": {
        Args: Record<PropertyKey, never>;
        Returns: {
          "address": unknown;
          "assurance_level": string;
          "created_at": string;
          "id": string;
          "is_current": boolean;
          "last_used_at": string;
          "user_agent": string;
        }[];
      };
      "list_songs": {
        Args: {
          "p_artist"?: string;
          "p_letter"?: string;
          "p_limit"?: number;
          "p_offset"?: number;
          "p_query"?: string;
          "p_system_id": string;
        };
        Returns: {
          "artist": string;
          "song_id": number;
          "title": string;
          "total_count": number;
        }[];
      };
      "list_systems": {
        Args: { "p_limit"?: number; "p_organization_id": string; "p_page"?: number; "p_search"?: string };
        Returns: {
          "configuration": Json;
          "created_at": string;
          "id": string;
          "last_seen_at": string;
          "name": string;
          "openkj_system_id": number;
          "song_count": number;
          "total_count": number;
          "updated_at": string;
          "venue_count": number;
        }[];
      };
      "list_venues": {
        Args: {
          "p_accepting"?: boolean;
          "p_city"?: string;
          "p_country"?: string;
          "p_limit"?: number;
          "p_page"?: number;
          "p_search"?: string;
          "p_sort"?: string;
          "p_state"?: string;
        };
        Returns: {
          "accepting_requests": boolean;
          "address": string;
          "city": string;
          "country": string;
          "id": string;
          "name": string;
          "phone_number": string;
          "postal_code": string;
          "state": string;
          "total_count": number;
          "url_name": string;
          "website": string;
        }[];
      };
      "make_next": { Args: { "p_request_id": number }; Returns: undefined };
      "message_singer": { Args: { "p_request_id": number; "p_text": string }; Returns: undefined };
      "most_requested_songs": {
        Args: { "p_limit"?: number; "p_period"?: string; "p_venue_id": string };
        Returns: {
          "artist": string;
          "requested": number;
          "song_id": number;
          "title": string;
        }[];
      };
      "move_request": {
        Args: { "p_before_request_id"?: number; "p_request_id": number };
        Returns: undefined;
      };
      "my_requests": {
        Args: { "p_venue_id"?: string };
        Returns: {
          "artist": string;
          "id": number;
          "key_change": number;
          "notes": string;
          "place": number;
          "reason": string;
          "requested_at": string;
          "singer_name": string;
          "song_id": number;
          "state": string;
          "title": string;
          "venue_id": string;
          "wait_seconds": number;
        }[];
      };
      "nearby_venues": {
        Args: {
          "p_accepting"?: boolean;
          "p_latitude": number;
          "p_limit"?: number;
          "p_longitude": number;
          "p_radius_miles"?: number;
        };
        Returns: {
          "accepting_requests": boolean;
          "address": string;
          "city": string;
          "country": string;
          "distance_kilometers": number;
          "distance_miles": number;
          "id": string;
          "latitude": number;
          "longitude": number;
          "name": string;
          "postal_code": string;
          "state": string;
          "url_name": string;
        }[];
      };
      "newest_songs": {
        Args: { "p_limit"?: number; "p_venue_id": string };
        Returns: {
          "artist": string;
          "song_id": number;
          "title": string;
        }[];
      };
      "offer_ownership": { Args: { "p_member_id": string }; Returns: undefined };
      "open_delegated_access": {
        Args: { "p_hours"?: number; "p_organization_id": string; "p_reason": string; "p_write"?: boolean };
        Returns: string;
      };
      "open_show": { Args: { "p_venue_id": string }; Returns: string };
      "organization_overview": { Args: { "p_organization_id": string }; Returns: Json };
      "preview_invitation": { Args: { "p_token": string }; Returns: Json };
      "process_requests": { Args: { "p_processed"?: boolean; "p_request_ids": (number)[] }; Returns: number };
      "public_queue": {
        Args: { "p_venue_id": string };
        Returns: {
          "artist": string;
          "is_mine": boolean;
          "place": number;
          "request_id": number;
          "singer_name": string;
          "state": string;
          "title": string;
        }[];
      };
      "publish_book_upload": { Args: { "p_system_id": string }; Returns: Json };
      "random_songs": {
        Args: { "p_limit"?: number; "p_venue_id": string };
        Returns: {
          "artist": string;
          "song_id": number;
          "title": string;
        }[];
      };
      "remove_member": { Args: { "p_member_id": string }; Returns: undefined };
      "request_statistics": { Args: { "p_organization_id": string; "p_venue_id"?: string }; Returns: Json };
      "resend_invitation": { Args: { "p_invitation_id": string }; Returns: undefined };
      "retry_message": { Args: { "p_id": string }; Returns: undefined };
      "revoke_api_key": { Args: { "p_api_key_id": string }; Returns: undefined };
      "revoke_invitation": { Args: { "p_invitation_id": string }; Returns: undefined };
      "rotate_api_key": { Args: { "p_api_key_id": string; "p_grace_hours"?: number }; Returns: Json };
      "search_songs": {
        Args: { "p_limit"?: number; "p_offset"?: number; "p_query": string; "p_venue_id": string };
        Returns: {
          "artist": string;
          "match": string;
          "song_id": number;
          "title": string;
          "total_count": number;
        }[];
      };
      "set_accepting": { Args: { "p_accepting": boolean; "p_venue_id": string }; Returns: undefined };
      "set_member_suspended": { Args: { "p_member_id": string; "p_suspended": boolean }; Returns: undefined };
      "set_opening_hours": { Args: { "p_hours": Json; "p_venue_id": string }; Returns: undefined };
      "set_request_state": {
        Args: { "p_reason"?: string; "p_request_id": number; "p_state": string };
        Returns: {
          "artist": string;
          "fingerprint": string;
          "id": number;
          "idempotency_digest": string | null;
          "idempotency_key": string | null;
          "key_change": number;
          "notes": string | null;
          "openkj_request_id": number;
          "organization_id": string;
          "processed": boolean;
          "processed_at": string | null;
          "queued_as_of": string | null;
          "reason": string | null;
          "requested_at": string;
          "show_id": string | null;
          "singer_name": string;
          "singer_names": (string)[];
          "singer_user_id": string | null;
          "song_id": number | null;
          "sort_order": number | null;
          "state": string;
          "submitted_by": string | null;
          "title": string;
          "updated_at": string;
          "venue_id": string;
          "version": number;
        };
        SetofOptions: {
          from: "*";
          to: "requests";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "set_show_pin": { Args: { "p_pin"?: string; "p_venue_id": string }; Returns: undefined };
      "show_log": {
        Args: { "p_after"?: number; "p_limit"?: number; "p_show_id": string };
        Returns: {
          "artist": string;
          "changed_at": string;
          "changed_by": string;
          "event_id": number;
          "from_state": string;
          "reason": string;
          "request_id": number;
          "singer_name": string;
          "source": string;
          "title": string;
          "to_state": string;
        }[];
      };
      "show_statistics": { Args: { "p_show_id": string }; Returns: Json };
      "skip_singer": { Args: { "p_reason"?: string; "p_request_id": number }; Returns: number };
      "song_import_errors": {
        Args: { "p_import_id": string };
        Returns: {
          "column_number": number;
          "field": string;
          "line": number;
          "problem": string;
        }[];
      };
      "start_song_import": {
        Args: {
          "p_columns"?: Json;
          "p_format"?: string;
          "p_is_dry_run"?: boolean;
          "p_mode"?: string;
          "p_path": string;
          "p_system_id": string;
        };
        Returns: string;
      };
      "submit_request": {
        Args: {
          "p_artist"?: string;
          "p_idempotency_key"?: string;
          "p_key_change"?: number;
          "p_notes"?: string;
          "p_singer_names"?: (string)[];
          "p_song_id"?: number;
          "p_title"?: string;
          "p_venue_id": string;
        };
        Returns: {
          "artist": string;
          "fingerprint": string;
          "id": number;
          "idempotency_digest": string | null;
          "idempotency_key": string | null;
          "key_change": number;
          "notes": string | null;
          "openkj_request_id": number;
          "organization_id": string;
          "processed": boolean;
          "processed_at": string | null;
          "queued_as_of": string | null;
          "reason": string | null;
          "requested_at": string;
          "show_id": string | null;
          "singer_name": string;
          "singer_names": (string)[];
          "singer_user_id": string | null;
          "song_id": number | null;
          "sort_order": number | null;
          "state": string;
          "submitted_by": string | null;
          "title": string;
          "updated_at": string;
          "venue_id": string;
          "version": number;
        };
        SetofOptions: {
          from: "*";
          to: "requests";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "switch_context": { Args: { "p_organization_id"?: string }; Returns: undefined };
      "undo_request": {
        Args: { "p_request_id": number };
        Returns: {
          "artist": string;
          "fingerprint": string;
          "id": number;
          "idempotency_digest": string | null;
          "idempotency_key": string | null;
          "key_change": number;
          "notes": string | null;
          "openkj_request_id": number;
          "organization_id": string;
          "processed": boolean;
          "processed_at": string | null;
          "queued_as_of": string | null;
          "reason": string | null;
          "requested_at": string;
          "show_id": string | null;
          "singer_name": string;
          "singer_names": (string)[];
          "singer_user_id": string | null;
          "song_id": number | null;
          "sort_order": number | null;
          "state": string;
          "submitted_by": string | null;
          "title": string;
          "updated_at": string;
          "venue_id": string;
          "version": number;
        };
        SetofOptions: {
          from: "*";
          to: "requests";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "update_member": {
        Args: {
          "p_denials"?: (string)[];
          "p_grants"?: (string)[];
          "p_member_id": string;
          "p_role_key"?: string;
        };
        Returns: undefined;
      };
      "update_request": {
        Args: {
          "p_key_change"?: number;
          "p_notes"?: string;
          "p_request_id": number;
          "p_singer_names"?: (string)[];
        };
        Returns: {
          "artist": string;
          "fingerprint": string;
          "id": number;
          "idempotency_digest": string | null;
          "idempotency_key": string | null;
          "key_change": number;
          "notes": string | null;
          "openkj_request_id": number;
          "organization_id": string;
          "processed": boolean;
          "processed_at": string | null;
          "queued_as_of": string | null;
          "reason": string | null;
          "requested_at": string;
          "show_id": string | null;
          "singer_name": string;
          "singer_names": (string)[];
          "singer_user_id": string | null;
          "song_id": number | null;
          "sort_order": number | null;
          "state": string;
          "submitted_by": string | null;
          "title": string;
          "updated_at": string;
          "venue_id": string;
          "version": number;
        };
        SetofOptions: {
          from: "*";
          to: "requests";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "update_song": {
        Args: { "p_artist"?: string; "p_song_id": number; "p_system_id": string; "p_title"?: string };
        Returns: number;
      };
      "use_backup_code": { Args: { "p_code": string }; Returns: boolean };
      "venue_page": { Args: { "p_url_name": string }; Returns: Json };
      "venue_shows": {
        Args: { "p_limit"?: number; "p_page"?: number; "p_venue_id": string };
        Returns: {
          "closed_at": string;
          "opened_at": string;
          "requests": number;
          "show_id": string;
          "singers": number;
          "sung": number;
          "total_count": number;
        }[];
      };
      "venue_statistics": {
        Args: { "p_end"?: string; "p_start"?: string; "p_venue_id": string };
        Returns: Json;
      };
      "venue_today": { Args: { "p_venue_id": string }; Returns: Json };
    };
    Enums: {
      [_ in never]: never;
    };
    CompositeTypes: {
      "venue_card": {
        "id": string | null;
        "url_name": string | null;
        "name": string | null;
        "address": string | null;
        "city": string | null;
        "state": string | null;
        "postal_code": string | null;
        "country": string | null;
        "phone_number": string | null;
        "website": string | null;
        "accepting_requests": boolean | null;
        "latitude": number | null;
        "longitude": number | null;
        "opening_hours": Json | null;
        "opens_at": string | null;
        "last_call_at": string | null;
        "branding": Json | null;
      };
    };
  };
};

type DatabaseWithoutInternals = Omit<Database, "__InternalSupabase">;

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">];

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof (
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
    )
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals } ? (
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
  )[TableName] extends {
    Row: infer R;
  } ? R
  : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
      Row: infer R;
    } ? R
    : never
  : never;

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
    Insert: infer I;
  } ? I
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Insert: infer I;
    } ? I
    : never
  : never;

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
    Update: infer U;
  } ? U
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Update: infer U;
    } ? U
    : never
  : never;

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never,
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
  : never;

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never,
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
  : never;

export const Constants = {
  "public": {
    Enums: {},
  },
} as const;
