#!/usr/bin/env bash
# Holds the direction of flow: who may import whom (see ARCHITECTURE.md).
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0

# forbid WHERE WHAT WHY: no line of the sources in WHERE names WHAT.
forbid() {
	local hits
	hits=$(grep -rnE --include='*.rs' "$2" $1 | grep -vE '^[^:]+:[0-9]+:\s*//' || true)
	[ -z "$hits" ] && return
	printf '%s\n  %s\n' "$3:" "${hits//$'\n'/$'\n  '}" >&2
	failed=1
}

forbid src/event 'crate::(analysis|board|feed|pipeline|db|http|notify|app|cli|config|simulator)' 'event imports nothing of ours'
forbid src/board 'crate::(analysis|feed|pipeline|db|http|notify|app|cli|config|simulator)' 'a board knows only events'
forbid src/board '(actix|diesel|awc|Utc::now|SystemTime|Instant::now)' 'a board knows no actor, no database, no clock'
forbid src/analysis 'crate::(board|feed|pipeline|db|http|notify|app|cli|config|simulator)' 'analysis knows only events'
forbid src/analysis '(actix|diesel|awc|Utc::now|SystemTime|Instant::now)' 'analysis knows no actor, no database, no clock'
forbid src/feed 'crate::(analysis|board|pipeline|db|http|notify|app|cli|config|simulator)' 'feed imports only event'
forbid src/feed '(actix|diesel|awc|Utc::now|SystemTime|Instant::now)' 'feed knows no actor, no database, no clock'
forbid src/feed/bmi '\bflowagility\b' 'a kind never imports another kind'
forbid src/feed/flowagility '\bbmi\b' 'a kind never imports another kind'
forbid src/pipeline 'PgConnection|diesel::pg|crate::(db|http|app|cli|config|simulator)|feed::(bmi|flowagility)' \
	'pipeline knows neither Postgres nor a concrete kind'
forbid "$(find src/pipeline -name '*.rs' -not -path '*/journal/*' | tr '\n' ' ')" 'diesel' \
	'of the pipeline only the file of the journal is a database'
forbid src/db '(actix_web|awc::|crate::(feed|http|notify|app|cli|config|simulator))' 'db knows neither the web nor what a venue speaks'
forbid src/http '(crate::(feed|notify|simulator|cli|app)|schema::|diesel)' 'http reaches data by db::queries only'
forbid src/notify '(crate::(feed|pipeline|simulator|cli|app)|schema::|diesel)' \
	'notices go by the tables, and reach them by db::notices only'
forbid src/retention '(crate::(feed|pipeline|simulator|cli|app|http|notify)|schema::|diesel)' \
	'retention knows only the database'
forbid src/recording 'crate::(pipeline|db|http|notify|app|cli|config|simulator)' 'a recording knows only what venues speak'
forbid src/simulator 'crate::(pipeline|db|http|notify|app|cli|config)' 'simulated venues know nothing of the service'
forbid src/export '(actix|diesel|awc|\bschema::|crate::(feed|pipeline|http|notify|app|cli|config|simulator))' \
	'an export knows only rows and files'
exit $failed
