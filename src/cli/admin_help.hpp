// The help of the commands that talk with a server: what `expplat COMMAND --help` prints.
//
// Used by the table in `main.cpp`. Constants only.
#pragma once

namespace expplat::cli {

#define EXPPLAT_SERVER_OPTIONS                                                                              \
    "\n"                                                                                                    \
    "  --url URL          the server; EXPPLAT_URL, else where expplat login was\n"                          \
    "  --key KEY          an admin key instead of the log-in; better in EXPPLAT_KEY, as other users of a\n" \
    "                     machine can read command lines\n"                                                 \
    "  --project P        EXPPLAT_PROJECT, else the only project that there is\n"                           \
    "  --environment E    EXPPLAT_ENVIRONMENT\n"                                                            \
    "  --json             the server's JSON, a line each, instead of words and tables\n"

inline constexpr const char* login_help =
    "expplat login URL [--email E]\n"
    "  Logs in with e-mail and password. The password is asked for where there is a terminal, and comes "
    "from\n"
    "  EXPPLAT_PASSWORD or the first line of standard input elsewhere. The tokens are kept, for you alone, "
    "in\n"
    "  $XDG_CONFIG_HOME/expplat/session.json (else ~/.config/expplat), and renewed when they are over.\n"
    "\n"
    "  --email E          EXPPLAT_EMAIL, else it is asked for\n"
    "\n"
    "  expplat login https://flags.example.com --email ann@example.com\n"
    "  echo \"$PASSWORD\" | expplat login http://127.0.0.1:8080 --email admin@localhost\n";

inline constexpr const char* logout_help =
    "expplat logout\n"
    "  Forgets the tokens and has the server refuse them, on every machine where this person is logged in.\n"
    "\n"
    "  expplat logout\n";

inline constexpr const char* flags_help =
    "expplat flags list [--archived]\n"
    "expplat flags show KEY\n"
    "expplat flags create KEY [FILE|--boolean] [--name N] [--description D] [--tag T]... [--client-visible]\n"
    "expplat flags set KEY FILE|--default VARIANT\n"
    "expplat flags enable|disable KEY\n"
    "expplat flags archive|unarchive KEY\n"
    "  FILE is the flag as docs/RULESET.md writes it; - is standard input. create puts it into "
    "--environment;\n"
    "  --boolean is a flag of true and false that is switched off. set replaces what the flag is there.\n"
    "\n"
    "  --if-revision N    of set, enable and disable: only where it is at that revision; status 1 "
    "otherwise\n" EXPPLAT_SERVER_OPTIONS
    "\n"
    "  expplat flags list --environment production\n"
    "  expplat flags create new-ui --boolean --environment staging\n"
    "  expplat flags enable new-ui --environment staging\n"
    "  expplat flags show new-ui --json | jq .configurations.staging.body > new-ui.json\n"
    "  expplat flags set new-ui new-ui.json --environment staging --if-revision 2\n";

inline constexpr const char* experiments_help =
    "expplat experiments list [--archived]\n"
    "expplat experiments show KEY\n"
    "expplat experiments create KEY [FILE] [--name N] [--description D] [--tag T]... [--client-visible]\n"
    "expplat experiments set KEY FILE [--new-phase WHY]\n"
    "expplat experiments start|pause KEY\n"
    "expplat experiments complete KEY [--winner VARIANT]\n"
    "expplat experiments archive|unarchive KEY\n"
    "  FILE is the experiment as docs/RULESET.md writes it, and may leave out its status; - is standard "
    "input.\n"
    "\n"
    "  --new-phase WHY    allows another split of an experiment that was started: a new phase of analysis\n"
    "  --if-revision N    of set, start, pause and complete: only where it is at that "
    "revision\n" EXPPLAT_SERVER_OPTIONS
    "\n"
    "  expplat experiments create checkout-cta cta.json --environment production\n"
    "  expplat experiments start checkout-cta --environment production\n"
    "  expplat experiments complete checkout-cta --winner green --environment production\n";

inline constexpr const char* keys_help =
    "expplat keys list\n"
    "expplat keys create NAME [--kind server|client|admin] [--days N]\n"
    "expplat keys revoke ID\n"
    "  Keys of programs, of an --environment; without one the admin keys of the project. create prints the "
    "key alone on standard output, this once.\n"
    "\n"
    "  --kind KIND        server (the default): the whole ruleset and events; client: what is "
    "client-visible, and\n"
    "                     events; admin: automation\n"
    "  --days N           for so many days; for ever unless given\n" EXPPLAT_SERVER_OPTIONS
    "\n"
    "  export EXPPLAT_SDK_KEY=$(expplat keys create 'the game' --environment production)\n"
    "  export EXPPLAT_KEY=$(expplat keys create 'the pipeline' --kind admin --days 90)\n"
    "  expplat keys list --environment production\n";

inline constexpr const char* diff_help =
    "expplat diff LEFT RIGHT\n"
    "  Says how two environments of a project differ, or a ruleset's file and an environment. A word with a "
    "slash or\n"
    "  that ends with .json is a file. Exit status: 0 they are the same, 1 they differ, 2 they could not be "
    "compared.\n" EXPPLAT_SERVER_OPTIONS
    "\n"
    "  expplat diff staging production\n"
    "  expplat diff ./ruleset.json production\n";

inline constexpr const char* promote_help =
    "expplat promote FROM TO [--flag KEY]... [--experiment KEY]... [--segment KEY]...\n"
    "  Copies what flags, experiments, segments, layers and holdouts are in one environment to another, all "
    "that\n"
    "  differ or those that are named. Shows the differences and asks. All of it is done, or nothing; what "
    "somebody\n"
    "  changes in the meantime is not overwritten (status 1). Where an experiment is in its life is its "
    "environment's\n"
    "  own: a new one is a draft.\n"
    "\n"
    "  --yes              does not ask\n"
    "  --dry-run          has the server check it, and changes nothing\n"
    "  --prune            also takes out of TO what FROM has not\n"
    "  --new-phase WHY    as for experiments set\n" EXPPLAT_SERVER_OPTIONS
    "\n"
    "  expplat promote staging production\n"
    "  expplat promote staging production --flag new-ui --segment beta-testers --yes\n";

inline constexpr const char* publish_help =
    "expplat publish FILE --environment E\n"
    "expplat publish --environment E\n"
    "  Puts the flags, experiments, segments, layers and holdouts of a ruleset's file into an environment, "
    "after it was\n"
    "  compiled here: shows the differences and asks; all of it is done, or nothing. What the project has "
    "not yet is\n"
    "  made; what the file has not stays. Experiments are started, paused and completed as the file says. "
    "Then, and\n"
    "  without a FILE, waits until the server gives its clients the newest version of the environment.\n"
    "\n"
    "  --flag, --experiment, --segment, --yes, --dry-run, --prune, --new-phase as for "
    "promote\n" EXPPLAT_SERVER_OPTIONS
    "\n"
    "  expplat publish ruleset.json --environment staging\n"
    "  expplat publish --environment production\n";

inline constexpr const char* audit_help =
    "expplat audit verify FILE [--secret-file FILE] [--from N]\n"
    "expplat audit export [--format ndjson|json|csv] [--from TIME] [--to TIME] [-o FILE]\n"
    "  verify checks an export without a server, in any of the three formats: each entry carries the hash of "
    "the one\n"
    "  before, and the head is signed, so that an entry that was changed, removed or moved is found, and "
    "told with\n"
    "  its line. The signature needs the server's secret: SECRET_KEY (and SECRET_KEY_PREVIOUS) of the "
    "environment,\n"
    "  or a file with it; without one the chain alone is checked. CSV has no head. Exit status 1: it is not "
    "intact,\n"
    "  or does not begin with entry 1. An export of later entries alone needs --from N, the entry it begins "
    "with:\n"
    "  that none before are missing cannot be seen in it.\n"
    "\n"
    "  --secret-file FILE the server's secret, as its data folder has it in secret-key\n"
    "  --from N           of verify: the entry that the file begins with; 1 if it is not given\n"
    "  --from, --to TIME  of export: Unix milliseconds, 2026-11-26 or 2026-11-26T12:00:00Z; to is not in it\n"
    "  -o FILE            instead of standard output; appears when it is whole\n"
    "  --json             of verify: the verdict for machines\n" EXPPLAT_SERVER_OPTIONS
    "\n"
    "  expplat audit export --from 2026-11-01 -o audit.ndjson\n"
    "  expplat audit verify audit.ndjson --secret-file /var/lib/expplat/secret-key\n";

#undef EXPPLAT_SERVER_OPTIONS

}  // namespace expplat::cli
