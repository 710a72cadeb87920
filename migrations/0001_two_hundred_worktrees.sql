CREATE TABLE "sentra"."breakers" (
	"project_id" text NOT NULL,
	"agent" text NOT NULL,
	"kind" text NOT NULL,
	"failures" integer NOT NULL,
	"trips" integer NOT NULL,
	"open_until" timestamp with time zone,
	"message" text NOT NULL,
	CONSTRAINT "breakers_project_id_agent_pk" PRIMARY KEY("project_id","agent")
);
--> statement-breakpoint
CREATE TABLE "sentra"."credential_limits" (
	"credential" text PRIMARY KEY NOT NULL,
	"until" timestamp with time zone NOT NULL,
	"message" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sentra"."dev_servers" (
	"task_id" text NOT NULL,
	"name" text NOT NULL,
	"ordinal" integer NOT NULL,
	"port" integer NOT NULL,
	"state" text NOT NULL,
	"url" text,
	"adw_id" text,
	"requested" boolean NOT NULL,
	"restarts" integer NOT NULL,
	"message" text,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "dev_servers_task_id_name_pk" PRIMARY KEY("task_id","name")
);
--> statement-breakpoint
CREATE TABLE "sentra"."pool_verdicts" (
	"project_id" text PRIMARY KEY NOT NULL,
	"dependencies" text NOT NULL,
	"reason" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sentra"."pool_worktrees" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"path" text NOT NULL,
	"admin_dir" text,
	"base" text NOT NULL,
	"state" text NOT NULL,
	"settings" text NOT NULL,
	"dependencies" text,
	"named" text[] DEFAULT '{}' NOT NULL,
	"worker_id" text NOT NULL,
	"task_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ready_at" timestamp with time zone,
	"claimed_at" timestamp with time zone,
	CONSTRAINT "pool_worktrees_task_id_unique" UNIQUE("task_id")
);
--> statement-breakpoint
CREATE TABLE "sentra"."setup_steps" (
	"task_id" text NOT NULL,
	"name" text NOT NULL,
	"ordinal" integer NOT NULL,
	"circumstances" text NOT NULL,
	"adw_id" text,
	"state" text NOT NULL,
	"command" text,
	"exit_code" integer,
	"summary" text DEFAULT '' NOT NULL,
	"duration_ms" integer,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "setup_steps_task_id_name_pk" PRIMARY KEY("task_id","name")
);
--> statement-breakpoint
CREATE TABLE "sentra"."task_databases" (
	"task_id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"place" text NOT NULL,
	"tree" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ready_at" timestamp with time zone,
	CONSTRAINT "task_databases_name_unique" UNIQUE("name")
);
--> statement-breakpoint
ALTER TABLE "sentra"."port_leases" ADD COLUMN "renewed_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "sentra"."projects" ADD COLUMN "stacked" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "sentra"."runs" ADD COLUMN "peak_memory" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sentra"."runs" ADD COLUMN "cpu_seconds" double precision DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sentra"."runs" ADD COLUMN "dispatched_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "sentra"."runs" ADD COLUMN "parked_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "sentra"."runs" ADD COLUMN "parked_for" jsonb;--> statement-breakpoint
ALTER TABLE "sentra"."runs" ADD COLUMN "worker_id" text;--> statement-breakpoint
ALTER TABLE "sentra"."runs" ADD COLUMN "epoch" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sentra"."runs" ADD COLUMN "released_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "sentra"."tasks" ADD COLUMN "unblocks" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sentra"."workers" ADD COLUMN "draining_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "sentra"."workers" ADD COLUMN "stopped_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "sentra"."breakers" ADD CONSTRAINT "breakers_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "sentra"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."dev_servers" ADD CONSTRAINT "dev_servers_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "sentra"."tasks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."pool_verdicts" ADD CONSTRAINT "pool_verdicts_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "sentra"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."pool_worktrees" ADD CONSTRAINT "pool_worktrees_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "sentra"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."pool_worktrees" ADD CONSTRAINT "pool_worktrees_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "sentra"."tasks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."setup_steps" ADD CONSTRAINT "setup_steps_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "sentra"."tasks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sentra"."task_databases" ADD CONSTRAINT "task_databases_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "sentra"."tasks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "pool_by_project" ON "sentra"."pool_worktrees" USING btree ("project_id","state");--> statement-breakpoint
CREATE INDEX "runs_at_work" ON "sentra"."runs" USING btree ("task_id") WHERE status = 'running' or (status = 'queued' and dispatched_at is not null);--> statement-breakpoint
CREATE INDEX "runs_unreleased" ON "sentra"."runs" USING btree ("worker_id") WHERE released_at is null and worker_id is not null;--> statement-breakpoint
CREATE INDEX "tasks_in_line" ON "sentra"."tasks" USING btree ("project_id",(case "priority" when 'high' then 0 when 'medium' then 1 else 2 end),"unblocks" DESC NULLS LAST,"created_at","id") WHERE status = 'queued';--> statement-breakpoint
-- Runs of before were handed to the queue as soon as they were asked for.
UPDATE "sentra"."runs" SET "dispatched_at" = "created_at" WHERE "status" IN ('queued', 'running');--> statement-breakpoint
-- A ready task that starts by itself waits in the queue from now on.
UPDATE "sentra"."tasks" SET "status" = 'queued' WHERE "status" = 'pending' AND "auto_start" AND NOT EXISTS (SELECT FROM "sentra"."runs" WHERE "runs"."task_id" = "tasks"."id");
