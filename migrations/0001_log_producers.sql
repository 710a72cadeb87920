CREATE TABLE "sentra"."log_producers" (
	"id" text PRIMARY KEY NOT NULL,
	"last_batch" bigint NOT NULL
);
