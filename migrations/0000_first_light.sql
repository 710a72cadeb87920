CREATE SCHEMA "sentra";
--> statement-breakpoint
CREATE TABLE "sentra"."agent_sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"task_id" text NOT NULL,
	"adw_id" text NOT NULL,
	"phase" text NOT NULL,
	"attempt" integer NOT NULL,
	"agent" text NOT NULL,
	"agent_session_id" text,
	"model" text,
	"outcome" text,
	"message" text,
	"cost_usd" double precision,
	"usage" jsonb,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "sentra"."event_head" (
	"one" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"last_id" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sentra"."events" (
	"id" bigint PRIMARY KEY NOT NULL,
	"type" text NOT NULL,
	"project_id" text,
	"task_id" text,
	"data" jsonb NOT NULL,
	"timestamp" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sentra"."evidence" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "sentra"."evidence_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"task_id" text NOT NULL,
	"adw_id" text NOT NULL,
	"phase" text NOT NULL,
	"attempt" integer NOT NULL,
	"kind" text NOT NULL,
	"ordinal" integer DEFAULT 1 NOT NULL,
	"passed" boolean NOT NULL,
	"exit_code" integer,
	"summary" text NOT NULL,
	"data" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "evidence_once" UNIQUE("adw_id","phase","attempt","kind","ordinal")
);
--> statement-breakpoint
CREATE TABLE "sentra"."log_heads" (
	"task_id" text PRIMARY KEY NOT NULL,
	"last_seq" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sentra"."logs" (
	"task_id" text NOT NULL,
	"seq" bigint NOT NULL,
	"adw_id" text,
	"phase" text,
	"level" text NOT NULL,
	"message" text NOT NULL,
	"metadata" jsonb NOT NULL,
	"timestamp" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "logs_task_id_seq_pk" PRIMARY KEY("task_id","seq")
);
--> statement-breakpoint
CREATE TABLE "sentra"."phases" (
	"adw_id" text NOT NULL,
	"task_id" text NOT NULL,
	"phase" text NOT NULL,
	"attempt" integer NOT NULL,
	"state" text NOT NULL,
	"agent" text,
	"parent" text,
	"commit" text,
	"error" jsonb,
	"cost_usd" double precision,
	"tokens" bigint DEFAULT 0 NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "phases_adw_id_phase_attempt_pk" PRIMARY KEY("adw_id","phase","attempt")
);
--> statement-breakpoint
CREATE TABLE "sentra"."port_leases" (
	"first_port" integer PRIMARY KEY NOT NULL,
	"task_id" text NOT NULL,
	"names" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "port_leases_task_id_unique" UNIQUE("task_id")
);
--> statement-breakpoint
CREATE TABLE "sentra"."projects" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"path" text NOT NULL,
	"base_branch" text NOT NULL,
	"git_dir" text NOT NULL,
	"remote" text,
	"paused" boolean DEFAULT false NOT NULL,
	"removed_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "projects_path_unique" UNIQUE("path")
);
--> statement-breakpoint
CREATE TABLE "sentra"."pull_requests" (
	"project_id" text NOT NULL,
	"number" integer NOT NULL,
	"task_id" text NOT NULL,
	"state" text NOT NULL,
	"title" text NOT NULL,
	"body" text NOT NULL,
	"head_branch" text NOT NULL,
	"base_branch" text NOT NULL,
	"head_commit" text NOT NULL,
	"merge_commit" text,
	"approved_at" timestamp with time zone,
	"merge_requested_at" timestamp with time zone,
	"merged_at" timestamp with time zone,
	"closed_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pull_requests_project_id_number_pk" PRIMARY KEY("project_id","number")
);
--> statement-breakpoint
CREATE TABLE "sentra"."review_comments" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "sentra"."review_comments_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"task_id" text NOT NULL,
	"adw_id" text,
	"author" text NOT NULL,
	"path" text,
	"line" integer,
	"body" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sentra"."runs" (
	"adw_id" text PRIMARY KEY NOT NULL,
	"task_id" text NOT NULL,
	"workflow_type" text NOT NULL,
	"from_phase" text,
	"comments" jsonb,
	"status" text NOT NULL,
	"error" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "sentra"."task_dependencies" (
	"task_id" text NOT NULL,
	"depends_on" text NOT NULL,
	CONSTRAINT "task_dependencies_task_id_depends_on_pk" PRIMARY KEY("task_id","depends_on")
);
--> statement-breakpoint
CREATE TABLE "sentra"."tasks" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"title" text NOT NULL,
	"description" text NOT NULL,
	"type" text NOT NULL,
	"priority" text NOT NULL,
	"workflow_type" text NOT NULL,
	"agent" text,
	"assigned_to" text,
	"auto_start" boolean NOT NULL,
	"merge" text,
	"no_changes_expected" boolean NOT NULL,
	"needs_dev_server" boolean NOT NULL,
	"labels" text[] NOT NULL,
	"idempotency_key" text,
	"status" text NOT NULL,
	"notice" text,
	"plan" text,
	"skipped_at" timestamp with time zone,
	"cancelled_at" timestamp with time zone,
	"ended_without_changes_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"completed_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "sentra"."templates" (
	"name" text PRIMARY KEY NOT NULL,
	"fields" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sentra"."transcripts" (
	"session_id" text NOT NULL,
	"seq" integer NOT NULL,
	"record" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "transcripts_session_id_seq_pk" PRIMARY KEY("session_id","seq")
);
--> statement-breakpoint
CREATE TABLE "sentra"."workers" (
	"id" text PRIMARY KEY NOT NULL,
	"host" text NOT NULL,
	"pid" integer NOT NULL,
	"slots" integer NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sentra"."worktrees" (
	"task_id" text PRIMARY KEY NOT NULL,
	"path" text NOT NULL,
	"branch_name" text NOT NULL,
	"admin_dir" text,
	"base" text NOT NULL,
	"state" text NOT NULL,
	"isolation" text NOT NULL,
	"copied" text[] DEFAULT '{}' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ready_at" timestamp with time zone,
	"deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "sentra"."log_producers" (
	"id" text PRIMARY KEY NOT NULL,
	"last_batch" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "sentra"."phases" ADD CONSTRAINT "phases_adw_id_runs_adw_id_fk" FOREIGN KEY ("adw_id") REFERENCES "sentra"."runs"("adw_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."pull_requests" ADD CONSTRAINT "pull_requests_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "sentra"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."pull_requests" ADD CONSTRAINT "pull_requests_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "sentra"."tasks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."runs" ADD CONSTRAINT "runs_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "sentra"."tasks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."task_dependencies" ADD CONSTRAINT "task_dependencies_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "sentra"."tasks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."task_dependencies" ADD CONSTRAINT "task_dependencies_depends_on_tasks_id_fk" FOREIGN KEY ("depends_on") REFERENCES "sentra"."tasks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."tasks" ADD CONSTRAINT "tasks_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "sentra"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."transcripts" ADD CONSTRAINT "transcripts_session_id_agent_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "sentra"."agent_sessions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."worktrees" ADD CONSTRAINT "worktrees_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "sentra"."tasks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "agent_sessions_by_task" ON "sentra"."agent_sessions" USING btree ("task_id");--> statement-breakpoint
CREATE INDEX "evidence_by_task" ON "sentra"."evidence" USING btree ("task_id","id");--> statement-breakpoint
CREATE INDEX "logs_by_time" ON "sentra"."logs" USING brin ("timestamp");--> statement-breakpoint
CREATE INDEX "phases_by_task" ON "sentra"."phases" USING btree ("task_id");--> statement-breakpoint
CREATE UNIQUE INDEX "pull_requests_one_open" ON "sentra"."pull_requests" USING btree ("task_id") WHERE state = 'open';--> statement-breakpoint
CREATE INDEX "pull_requests_by_task" ON "sentra"."pull_requests" USING btree ("task_id");--> statement-breakpoint
CREATE INDEX "review_comments_by_task" ON "sentra"."review_comments" USING btree ("task_id");--> statement-breakpoint
CREATE INDEX "runs_by_task" ON "sentra"."runs" USING btree ("task_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "runs_one_active" ON "sentra"."runs" USING btree ("task_id") WHERE status in ('queued', 'running');--> statement-breakpoint
CREATE INDEX "task_dependants" ON "sentra"."task_dependencies" USING btree ("depends_on");--> statement-breakpoint
CREATE INDEX "tasks_by_project" ON "sentra"."tasks" USING btree ("project_id","status");--> statement-breakpoint
CREATE INDEX "tasks_by_creation" ON "sentra"."tasks" USING btree ("created_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "tasks_idempotency" ON "sentra"."tasks" USING btree ("idempotency_key");