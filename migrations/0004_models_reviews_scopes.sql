CREATE TABLE "sentra"."forge_reviews" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "sentra"."forge_reviews_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"project_id" text NOT NULL,
	"number" integer NOT NULL,
	"verdict" text NOT NULL,
	"commit" text NOT NULL,
	"comments" jsonb NOT NULL,
	"told" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "sentra"."tasks" ADD COLUMN "model" text;--> statement-breakpoint
ALTER TABLE "sentra"."tasks" ADD COLUMN "effort" text;--> statement-breakpoint
ALTER TABLE "sentra"."access_tokens" ADD COLUMN "projects" text[];--> statement-breakpoint
ALTER TABLE "sentra"."forge_reviews" ADD CONSTRAINT "forge_reviews_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "sentra"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "forge_reviews_by_pull" ON "sentra"."forge_reviews" USING btree ("project_id","number");--> statement-breakpoint
-- The marks of a block tell of more than they did: blocks are only notes, and are written anew from the lines.
DELETE FROM "sentra"."log_blocks";
