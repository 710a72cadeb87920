CREATE TABLE "sentra"."merge_queue" (
	"task_id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"adw_id" text NOT NULL,
	"state" text NOT NULL,
	"alone" boolean DEFAULT false NOT NULL,
	"failure" jsonb,
	"requested_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sentra"."branch_heads" (
	"task_id" text PRIMARY KEY NOT NULL,
	"head" text NOT NULL,
	"paths" text[] NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sentra"."collisions" (
	"task_id" text NOT NULL,
	"other_id" text NOT NULL,
	"paths" text[] NOT NULL,
	CONSTRAINT "collisions_task_id_other_id_pk" PRIMARY KEY("task_id","other_id")
);
--> statement-breakpoint
CREATE TABLE "sentra"."budget_warnings" (
	"scope" text NOT NULL,
	"period" text NOT NULL,
	"limit_micros" bigint NOT NULL,
	"percent" integer NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "budget_warnings_scope_period_limit_micros_percent_pk" PRIMARY KEY("scope","period","limit_micros","percent")
);
--> statement-breakpoint
CREATE TABLE "sentra"."budgets" (
	"scope" text NOT NULL,
	"period" text NOT NULL,
	"limit_micros" bigint NOT NULL,
	"set_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "budgets_scope_period_pk" PRIMARY KEY("scope","period")
);
--> statement-breakpoint
CREATE TABLE "sentra"."costs" (
	"session_id" text NOT NULL,
	"model" text NOT NULL,
	"conversation" text NOT NULL,
	"project_id" text NOT NULL,
	"task_id" text NOT NULL,
	"adw_id" text NOT NULL,
	"phase" text NOT NULL,
	"attempt" integer NOT NULL,
	"agent" text NOT NULL,
	"input_tokens" bigint DEFAULT 0 NOT NULL,
	"output_tokens" bigint DEFAULT 0 NOT NULL,
	"cache_read_tokens" bigint DEFAULT 0 NOT NULL,
	"cache_write_tokens" bigint DEFAULT 0 NOT NULL,
	"cost_micros" bigint,
	"source" text,
	"spent_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "costs_session_id_model_pk" PRIMARY KEY("session_id","model")
);
--> statement-breakpoint
CREATE TABLE "sentra"."prices" (
	"scope" text NOT NULL,
	"model" text NOT NULL,
	"input_micros" bigint NOT NULL,
	"output_micros" bigint NOT NULL,
	"cache_read_micros" bigint NOT NULL,
	"cache_write_micros" bigint NOT NULL,
	"source" text NOT NULL,
	"set_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "prices_scope_model_pk" PRIMARY KEY("scope","model")
);
--> statement-breakpoint
CREATE TABLE "sentra"."reservations" (
	"adw_id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"phase" text NOT NULL,
	"attempt" integer NOT NULL,
	"micros" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sentra"."base_tests" (
	"project_id" text NOT NULL,
	"commit" text NOT NULL,
	"command" text NOT NULL,
	"exit_code" integer,
	"report" jsonb,
	"duration_ms" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "base_tests_project_id_commit_command_pk" PRIMARY KEY("project_id","commit","command")
);
--> statement-breakpoint
CREATE TABLE "sentra"."log_blocks" (
	"task_id" text NOT NULL,
	"block" integer NOT NULL,
	"last_seq" bigint NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"until" timestamp with time zone NOT NULL,
	"marks" "bytea" NOT NULL,
	"text" text NOT NULL,
	"trigrams" integer[] NOT NULL,
	CONSTRAINT "log_blocks_task_id_block_pk" PRIMARY KEY("task_id","block")
);
--> statement-breakpoint
CREATE TABLE "sentra"."log_wholes" (
	"task_id" text NOT NULL,
	"seq" bigint NOT NULL,
	"data" "bytea" NOT NULL,
	CONSTRAINT "log_wholes_task_id_seq_pk" PRIMARY KEY("task_id","seq")
);
--> statement-breakpoint
ALTER TABLE "sentra"."transcripts" DROP CONSTRAINT "transcripts_session_id_agent_sessions_id_fk";
--> statement-breakpoint
ALTER TABLE "sentra"."agent_sessions" ALTER COLUMN "cost_usd" SET DATA TYPE numeric(18, 6);--> statement-breakpoint
ALTER TABLE "sentra"."phases" ALTER COLUMN "cost_usd" SET DATA TYPE numeric(18, 6);--> statement-breakpoint
ALTER TABLE "sentra"."transcripts" ALTER COLUMN "record" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "sentra"."agent_sessions" ADD COLUMN "system_prompt" text;--> statement-breakpoint
ALTER TABLE "sentra"."agent_sessions" ADD COLUMN "prompt" text;--> statement-breakpoint
ALTER TABLE "sentra"."log_heads" ADD COLUMN "bytes" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sentra"."log_heads" ADD COLUMN "raw_bytes" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sentra"."log_heads" ADD COLUMN "is_full" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "sentra"."log_heads" ADD COLUMN "removed_lines" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sentra"."log_heads" ADD COLUMN "removed_bytes" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sentra"."log_heads" ADD COLUMN "removed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "sentra"."runs" ADD COLUMN "rework" jsonb;--> statement-breakpoint
ALTER TABLE "sentra"."runs" ADD COLUMN "traced_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "sentra"."tasks" ADD COLUMN "reverts" text;--> statement-breakpoint
ALTER TABLE "sentra"."transcripts" ADD COLUMN "task_id" text;--> statement-breakpoint
ALTER TABLE "sentra"."transcripts" ADD COLUMN "adw_id" text;--> statement-breakpoint
ALTER TABLE "sentra"."transcripts" ADD COLUMN "phase" text;--> statement-breakpoint
ALTER TABLE "sentra"."transcripts" ADD COLUMN "name" text;--> statement-breakpoint
ALTER TABLE "sentra"."transcripts" ADD COLUMN "stream" text;--> statement-breakpoint
ALTER TABLE "sentra"."transcripts" ADD COLUMN "start" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sentra"."transcripts" ADD COLUMN "bytes" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sentra"."transcripts" ADD COLUMN "data" "bytea";--> statement-breakpoint
ALTER TABLE "sentra"."dev_servers" ADD COLUMN "worker_id" text;--> statement-breakpoint
ALTER TABLE "sentra"."merge_queue" ADD CONSTRAINT "merge_queue_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "sentra"."tasks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."merge_queue" ADD CONSTRAINT "merge_queue_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "sentra"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."branch_heads" ADD CONSTRAINT "branch_heads_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "sentra"."tasks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."collisions" ADD CONSTRAINT "collisions_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "sentra"."tasks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."collisions" ADD CONSTRAINT "collisions_other_id_tasks_id_fk" FOREIGN KEY ("other_id") REFERENCES "sentra"."tasks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."costs" ADD CONSTRAINT "costs_session_id_agent_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "sentra"."agent_sessions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."costs" ADD CONSTRAINT "costs_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "sentra"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."reservations" ADD CONSTRAINT "reservations_adw_id_runs_adw_id_fk" FOREIGN KEY ("adw_id") REFERENCES "sentra"."runs"("adw_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "merge_queue_by_project" ON "sentra"."merge_queue" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "collisions_by_other" ON "sentra"."collisions" USING btree ("other_id");--> statement-breakpoint
CREATE INDEX "costs_by_task" ON "sentra"."costs" USING btree ("task_id");--> statement-breakpoint
CREATE INDEX "costs_by_project" ON "sentra"."costs" USING btree ("project_id","spent_at");--> statement-breakpoint
CREATE INDEX "costs_by_time" ON "sentra"."costs" USING btree ("spent_at");--> statement-breakpoint
CREATE INDEX "costs_by_conversation" ON "sentra"."costs" USING btree ("conversation");--> statement-breakpoint
CREATE INDEX "costs_unknown" ON "sentra"."costs" USING btree ("model") WHERE cost_micros is null;--> statement-breakpoint
CREATE INDEX "reservations_by_project" ON "sentra"."reservations" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "log_blocks_by_trigram" ON "sentra"."log_blocks" USING gin ("trigrams");--> statement-breakpoint
CREATE INDEX "log_blocks_by_time" ON "sentra"."log_blocks" USING btree ("until");--> statement-breakpoint
ALTER TABLE "sentra"."tasks" ADD CONSTRAINT "tasks_reverts_tasks_id_fk" FOREIGN KEY ("reverts") REFERENCES "sentra"."tasks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "events_by_task" ON "sentra"."events" USING btree ("task_id","id");--> statement-breakpoint
CREATE INDEX "runs_untraced" ON "sentra"."runs" USING btree ("ended_at") WHERE traced_at is null;--> statement-breakpoint
CREATE INDEX "transcripts_by_task" ON "sentra"."transcripts" USING btree ("task_id");