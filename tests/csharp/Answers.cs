// bindings/csharp/Expplat.cs against the built libexpplat.so.
//
// Usage:  Answers.exe QUICKSTART.json            asks it, with wrong arguments too
//         Answers.exe RULESET.json CASES.jsonl   prints an answer a line, for tests/csharp/run to compare
using System;
using System.IO;
using Expplat;

static class Answers
{
    static int failures;

    static void Check(bool holds, string what)
    {
        if (holds) return;
        ++failures;
        Console.Error.WriteLine("wrong: " + what);
    }

    static void AskQuickstart(string json)
    {
        using (Client client = Client.FromText(json))
        using (User user = new User("user-7"))
        {
            Check(user.Set("country", "DE") && user.Set("app_version", "2.5.1") && user.Set("beta", true), "attributes");
            Check(user.Set("level", 5L) && user.Set("score", 2.5), "numbers");
            Check(!user.Set("key", "other") && !user.Set("", 1L), "names that cannot be set");
            Check(client.Boolean("new-ui", user, false), "new-ui");
            Answer answer = client.Variant("checkout-cta", user);
            Check(answer.Variant == "green" && answer.Reason == Reason.Split && answer.Exposure, "checkout-cta");
            Check(answer.RulesetVersion == 1 && answer.Rule == null, "version and rule");
            Check(client.String("checkout-cta", user, "grün") == "green", "string");
            Check(client.String("unknown", user, "grün") == "grün", "a fallback");
            Check(client.Integer("new-ui", user, -9007199254740993L) == -9007199254740993L, "another type");
            Check(client.Number("unknown", user, 0.5) == 0.5 && client.Object("unknown", user, "{}") == "{}", "fallbacks");
            Check(client.Variant("unknown", user).Error == EvaluationError.FlagNotFound, "an unknown key");
            Check(client.Variant("new-ui", null).Error == EvaluationError.ParseError, "no user");
            Check(client.Variant(null, user).Error == EvaluationError.FlagNotFound, "no key");
            Check(user.Set("beta", (string)null), "an attribute is taken away");
            Check(client.Variant("new-ui", user).Rule == "ramp", "and does not count any more");
            using (User ann = User.FromJson("{\"key\": \"ann\"}")) Check(client.Variant("new-ui", ann).Rule == "beta", "JSON");
        }
        User disposed = new User("u");
        disposed.Dispose();
        disposed.Dispose();
        try
        {
            disposed.Set("a", 1L);
            Check(false, "a user that was disposed of");
        }
        catch (ObjectDisposedException)
        {
        }
        Check(Throws(() => Client.FromText("{}")) == 4, "a ruleset that is refused");
        Check(Throws(() => Client.FromFile("/nowhere/ruleset.json")) == 2, "a file that is not there");
        Check(Throws(() => User.FromJson("{\"key\": 1, \"key\": 2}")) == 1, "a user that is refused");
        for (int i = 0; i < 1000; ++i) new User("left to the collector");
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    // Exposures and what is tracked reach the sink, without a thread of the library's.
    static void RecordQuickstart(string rules, string events)
    {
        using (Config config = new Config())
        {
            config.SourceFile(rules);
            config.SinkFile(events);
            config.Set("project", "game");
            config.Set("manual_poll", true);
            config.Set("batch_age_ms", 1L);
            Check(Throws(() => { config.Set("frobnicate", 1L); return null; }) == 2, "a setting that is none");
            Check(Throws(() => { config.Set("queue_events", -1L); return null; }) == 1, "a value that is none");
            using (Client client = new Client(config))
            using (User user = new User("user-7"))
            {
                user.Set("country", "DE");
                Check(client.String("checkout-cta", user, null) == "green", "string");
                Check(client.String("unknown", user, null) == null, "a fallback of null");
                Check(client.Object("checkout-cta", user, null) == null, "a fallback of null for another type");
                Check(client.Track("purchase", user, 12.5, "{\"item\": \"sword\"}"), "track");
                Check(client.Track("login", user), "track without a value");
                Check(!client.Track("login", null) && !client.Track(null, user), "track without a user or a name");
                Check(client.Poll() >= 0, "poll");
                Check(client.Flush(5000), "flush");
                Check(client.StatusJson().Contains("READY"), "status");
                Check(client.StatsJson().Contains("\"acknowledged\": 3"), "stats: " + client.StatsJson());
            }
        }
        string[] lines = File.ReadAllLines(events);
        Check(lines.Length == 3, "three events");
        Check(lines[0].Contains("\"exposure\"") && lines[1].Contains("12.5") && lines[1].Contains("sword"), "what they say");
    }

    // A server that is away keeps nobody waiting, on the game's own thread either.
    static void FollowAServerThatIsAway()
    {
        using (Config config = new Config())
        {
            config.SourceServer("http://127.0.0.1:1", "key");
            config.SinkHttp();
            config.Set("manual_poll", true);
            config.Set("shutdown_timeout_ms", 0L);
            using (Client client = new Client(config))
            using (User user = new User("user-7"))
            {
                Check(client.Poll() >= 0 && client.StatusJson().Contains("CONNECTING"), "no ruleset yet");
                Check(client.Variant("checkout-cta", user).Error == EvaluationError.ProviderNotReady, "no answer yet");
            }
        }
    }

    static int Throws(Func<IDisposable> make)
    {
        try
        {
            using (make()) return 0;
        }
        catch (ExpplatException exception)
        {
            Check(exception.Message.Length > 0, "a message");
            return exception.Code;
        }
    }

    static int Main(string[] arguments)
    {
        if (arguments.Length == 1)
        {
            AskQuickstart(File.ReadAllText(arguments[0]));
            string events = Path.GetTempFileName();
            RecordQuickstart(arguments[0], events);
            File.Delete(events);
            FollowAServerThatIsAway();
            Console.WriteLine(failures == 0 ? "C# answers" : failures + " wrong");
            return failures == 0 ? 0 : 1;
        }
        using (Client client = Client.FromFile(arguments[0]))
        using (Stream output = Console.OpenStandardOutput())
        using (StreamWriter writer = new StreamWriter(output))
        {
            foreach (string line in File.ReadLines(arguments[1]))
            {
                if (line.Trim().Length > 0) writer.Write(client.EvaluateCase(line) + "\n");
            }
        }
        return 0;
    }
}
