CREATE TABLE "sentra"."analyses" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"name" text NOT NULL,
	"specification" text NOT NULL,
	"agent" text,
	"status" text NOT NULL,
	"adw_id" text NOT NULL,
	"error" jsonb,
	"tasks" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"notes" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"version" integer DEFAULT 0 NOT NULL,
	"task_ids" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"idempotency_key" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "sentra"."analyses" ADD CONSTRAINT "analyses_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "sentra"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "analyses_by_project" ON "sentra"."analyses" USING btree ("project_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "analyses_idempotency" ON "sentra"."analyses" USING btree ("idempotency_key");