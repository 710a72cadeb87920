CREATE TABLE "sentra"."forge_polls" (
	"project_id" text PRIMARY KEY NOT NULL,
	"due_at" timestamp with time zone DEFAULT now() NOT NULL,
	"leased_until" timestamp with time zone,
	"failures" integer DEFAULT 0 NOT NULL,
	"problem" text,
	"looked_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "sentra"."webhook_deliveries" (
	"id" text PRIMARY KEY NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sentra"."access_tokens" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"hash" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone,
	CONSTRAINT "access_tokens_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "sentra"."trusted_contents" (
	"project_id" text NOT NULL,
	"hash" text NOT NULL,
	"files" jsonb NOT NULL,
	"trusted_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "trusted_contents_project_id_hash_pk" PRIMARY KEY("project_id","hash")
);
--> statement-breakpoint
CREATE TABLE "sentra"."hook_events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "sentra"."hook_events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"task_id" text NOT NULL,
	"adw_id" text NOT NULL,
	"phase" text NOT NULL,
	"session_id" text NOT NULL,
	"source" text NOT NULL,
	"event" text NOT NULL,
	"hook" text NOT NULL,
	"tool" text,
	"call_id" text,
	"decision" text NOT NULL,
	"reason" text,
	"input" text,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sentra"."messages" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "sentra"."messages_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"task_id" text NOT NULL,
	"text" text NOT NULL,
	"interrupt" boolean NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"taken_by" text,
	"session_id" text,
	"phase" text,
	"delivered_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "sentra"."plans" (
	"task_id" text NOT NULL,
	"version" integer NOT NULL,
	"text" text NOT NULL,
	"author" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "plans_task_id_version_pk" PRIMARY KEY("task_id","version")
);
--> statement-breakpoint
CREATE TABLE "sentra"."prompts" (
	"project_id" text NOT NULL,
	"role" text NOT NULL,
	"version" integer NOT NULL,
	"text" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "prompts_project_id_role_version_pk" PRIMARY KEY("project_id","role","version")
);
--> statement-breakpoint
ALTER TABLE "sentra"."agent_sessions" ADD COLUMN "prompt_version" integer;--> statement-breakpoint
ALTER TABLE "sentra"."pull_requests" ADD COLUMN "forge" text DEFAULT 'local' NOT NULL;--> statement-breakpoint
ALTER TABLE "sentra"."pull_requests" ADD COLUMN "forge_number" integer;--> statement-breakpoint
ALTER TABLE "sentra"."pull_requests" ADD COLUMN "forge_url" text;--> statement-breakpoint
ALTER TABLE "sentra"."pull_requests" ADD COLUMN "forge_told" text;--> statement-breakpoint
ALTER TABLE "sentra"."pull_requests" ADD COLUMN "seen" jsonb;--> statement-breakpoint
ALTER TABLE "sentra"."pull_requests" ADD COLUMN "looked_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "sentra"."pull_requests" ADD COLUMN "forge_problem" text;--> statement-breakpoint
ALTER TABLE "sentra"."pull_requests" ADD COLUMN "check_rounds" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sentra"."pull_requests" ADD COLUMN "checked_commit" text;--> statement-breakpoint
ALTER TABLE "sentra"."pull_requests" ADD COLUMN "forge_done" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "sentra"."review_comments" ADD COLUMN "forge_id" text;--> statement-breakpoint
ALTER TABLE "sentra"."runs" ADD COLUMN "plan_taken_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "sentra"."forge_polls" ADD CONSTRAINT "forge_polls_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "sentra"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."trusted_contents" ADD CONSTRAINT "trusted_contents_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "sentra"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."messages" ADD CONSTRAINT "messages_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "sentra"."tasks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."plans" ADD CONSTRAINT "plans_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "sentra"."tasks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."prompts" ADD CONSTRAINT "prompts_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "sentra"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "hook_events_by_task" ON "sentra"."hook_events" USING btree ("task_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "hook_events_once" ON "sentra"."hook_events" USING btree ("session_id","event","call_id") WHERE call_id is not null;--> statement-breakpoint
CREATE INDEX "messages_by_task" ON "sentra"."messages" USING btree ("task_id","id");--> statement-breakpoint
CREATE INDEX "messages_waiting" ON "sentra"."messages" USING btree ("task_id") WHERE delivered_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "review_comments_once" ON "sentra"."review_comments" USING btree ("task_id","forge_id");