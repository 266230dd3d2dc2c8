// expplat for C#: Unity, Godot, .NET and Mono. One file over the C face (include/expplat/c/expplat.h): put it into the project and
// libexpplat.so (or a library of that name for the platform) beside the program.
//
// A Client may be asked by all threads at once; a User by many while none sets an attribute. Dispose both; a client first
// closes, which waits for its events. No question throws, but one to what was disposed of: the fallback comes back, and an Answer
// says why.
using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Expplat
{
    public enum Reason : byte
    {
        Disabled, PrerequisiteFailed, TargetingMatch, Split, Default, Holdout, NotTargeted, NotEnrolled, Error, Stale, Cached
    }

    public enum EvaluationError : byte
    {
        None, FlagNotFound, TypeMismatch, TargetingKeyMissing, ParseError, ProviderNotReady, General
    }

    /// <summary>What could not be set up. The codes are those of the C header.</summary>
    public sealed class ExpplatException : Exception
    {
        public int Code { get; }
        internal ExpplatException(int code, string message) : base(message) { Code = code; }
    }

    /// <summary>Which variant a user gets, and why.</summary>
    public struct Answer
    {
        /// <summary>Null where the user gets none, and the fallback applies.</summary>
        public string Variant { get; internal set; }
        /// <summary>The rule that decided, or null.</summary>
        public string Rule { get; internal set; }
        public Reason Reason { get; internal set; }
        public EvaluationError Error { get; internal set; }
        public bool Exposure { get; internal set; }
        public ulong RulesetVersion { get; internal set; }
    }

    /// <summary>A key and attributes.</summary>
    public sealed class User : IDisposable
    {
        internal readonly UserHandle Handle;

        /// <summary>An empty key is a user without one.</summary>
        public User(string key)
        {
            using (var text = new Utf8(key)) Handle = Native.expplat_user_create(text.View);
            if (Handle.IsInvalid) throw new OutOfMemoryException();
        }

        private User(UserHandle handle) { Handle = handle; }

        /// <summary>{"key": …, "attributes": {…}}, as the ruleset format reads it.</summary>
        public static User FromJson(string json)
        {
            IntPtr error = IntPtr.Zero;
            using (var text = new Utf8(json))
            {
                UserHandle handle = Native.expplat_user_from_json(text.View, ref error);
                if (handle.IsInvalid) throw Native.Exception(error);
                return new User(handle);
            }
        }

        /// <summary>False for the names "" and "key", and past a limit.</summary>
        public bool Set(string name, string value)
        {
            using (var text = new Utf8(name))
            using (var content = new Utf8(value))
                return value == null ? Native.expplat_user_set_null(Handle, text.View)
                                     : Native.expplat_user_set_string(Handle, text.View, content.View);
        }
        public bool Set(string name, bool value)
        {
            using (var text = new Utf8(name)) return Native.expplat_user_set_bool(Handle, text.View, value);
        }
        public bool Set(string name, long value)
        {
            using (var text = new Utf8(name)) return Native.expplat_user_set_int(Handle, text.View, value);
        }
        public bool Set(string name, double value)
        {
            using (var text = new Utf8(name)) return Native.expplat_user_set_double(Handle, text.View, value);
        }

        public void Dispose() { Handle.Dispose(); }
    }

    /// <summary>Where a client's rules come from and where its events go: of each the last that was set. Belongs to one thread;
    /// a client copies it.</summary>
    public sealed class Config : IDisposable
    {
        internal readonly ConfigHandle Handle = Native.expplat_config_create();

        public void SourceText(string json)
        {
            using (var text = new Utf8(json)) Check(Native.expplat_config_source_text(Handle, text.View), "the source");
        }
        /// <summary>JSON or an image; looked at every so many milliseconds, 0: read once.</summary>
        public void SourceFile(string path, long watchIntervalMs = 0)
        {
            using (var text = new Utf8(path))
                Check(Native.expplat_config_source_file(Handle, text.View, watchIntervalMs), "the source");
        }
        public void SourceServer(string url, string key)
        {
            using (var text = new Utf8(url))
            using (var secret = new Utf8(key))
                Check(Native.expplat_config_source_server(Handle, text.View, secret.View), "the source");
        }

        /// <summary>A server's intake; without arguments that of the source.</summary>
        public void SinkHttp(string url = "", string key = "")
        {
            using (var text = new Utf8(url))
            using (var secret = new Utf8(key)) Check(Native.expplat_config_sink_http(Handle, text.View, secret.View), "the sink");
        }
        /// <summary>JSON lines. A file that would grow over so many bytes is renamed to PATH.1; 0: never.</summary>
        public void SinkFile(string path, ulong rotateBytes = 0)
        {
            using (var text = new Utf8(path)) Check(Native.expplat_config_sink_file(Handle, text.View, rotateBytes), "the sink");
        }

        /// <summary>A setting by its name: the C header lists them ("spool", "manual_poll", …).</summary>
        public void Set(string name, string value)
        {
            using (var text = new Utf8(name))
            using (var content = new Utf8(value))
                Check(Native.expplat_config_set_string(Handle, text.View, content.View), "the setting " + name);
        }
        public void Set(string name, long value)
        {
            using (var text = new Utf8(name))
                Check(Native.expplat_config_set_int(Handle, text.View, value), "the setting " + name);
        }
        public void Set(string name, bool value)
        {
            using (var text = new Utf8(name))
                Check(Native.expplat_config_set_bool(Handle, text.View, value), "the setting " + name);
        }

        public void Dispose() { Handle.Dispose(); }

        private static void Check(int code, string what)
        {
            if (code == 0) return;
            string why = Marshal.PtrToStringAnsi(Native.expplat_code_name(code));
            throw new ExpplatException(code, what + " is refused: " + why);
        }
    }

    /// <summary>Answers from a ruleset.</summary>
    public sealed class Client : IDisposable
    {
        private readonly ClientHandle handle;

        /// <summary>Events are recorded where the configuration has a sink. A server is not waited for: see WaitReady.</summary>
        public Client(Config config)
        {
            IntPtr error = IntPtr.Zero;
            handle = Native.expplat_open(config.Handle, ref error);
            if (handle.IsInvalid) throw Native.Exception(error);
        }

        /// <summary>Records nothing, as FromFile and FromServer: a Config may have a sink.</summary>
        public static Client FromText(string json)
        {
            using (var config = new Config())
            {
                config.SourceText(json);
                return new Client(config);
            }
        }

        /// <summary>JSON or an image, read once.</summary>
        public static Client FromFile(string path)
        {
            using (var config = new Config())
            {
                config.SourceFile(path);
                return new Client(config);
            }
        }

        public static Client FromServer(string url, string key)
        {
            using (var config = new Config())
            {
                config.SourceServer(url, key);
                return new Client(config);
            }
        }

        public bool WaitReady(long timeoutMs) { return Native.expplat_wait_ready(handle, timeoutMs); }

        /// <summary>Does what is due, where the configuration says manual_poll: once a frame, from one thread. Returns in how many
        /// milliseconds it wants to be called again at the latest.</summary>
        public long Poll() { return Native.expplat_poll(handle); }

        /// <summary>Something happened to the user; properties are a JSON object. False without a user or a name.</summary>
        public bool Track(string name, User user, double? value = null, string properties = null)
        {
            double[] amount = value.HasValue ? new[] { value.Value } : null;
            using (var text = new Utf8(name))
            using (var more = new Utf8(properties))
                return Native.expplat_track(handle, text.View, HandleOf(user), amount, more.View) == 0;
        }

        /// <summary>Sends what was recorded. False where that took longer; the rest is sent later.</summary>
        public bool Flush(long timeoutMs) { return Native.expplat_flush(handle, timeoutMs); }

        /// <summary>How current the ruleset is and what went wrong, as JSON.</summary>
        public string StatusJson() { return Native.Take(Native.expplat_status_json(handle)); }
        /// <summary>What became of the events, as JSON.</summary>
        public string StatsJson() { return Native.Take(Native.expplat_stats_json(handle)); }

        public Answer Variant(string key, User user)
        {
            Native.Answer answer;
            using (var text = new Utf8(key)) Native.expplat_variant(handle, text.View, HandleOf(user), out answer);
            return answer.Read();
        }

        public bool Boolean(string key, User user, bool fallback)
        {
            using (var text = new Utf8(key))
                return Native.expplat_boolean(handle, text.View, HandleOf(user), fallback, IntPtr.Zero);
        }
        public long Integer(string key, User user, long fallback)
        {
            using (var text = new Utf8(key))
                return Native.expplat_integer(handle, text.View, HandleOf(user), fallback, IntPtr.Zero);
        }
        public double Number(string key, User user, double fallback)
        {
            using (var text = new Utf8(key))
                return Native.expplat_number(handle, text.View, HandleOf(user), fallback, IntPtr.Zero);
        }
        public string String(string key, User user, string fallback)
        {
            Native.Answer answer;
            using (var text = new Utf8(key))
            using (var other = new Utf8(fallback))
            {
                string value = Native.Take(Native.expplat_string(handle, text.View, HandleOf(user), other.View, out answer));
                return fallback == null && answer.IsFallback ? null : value;
            }
        }
        /// <summary>An object, as JSON text.</summary>
        public string Object(string key, User user, string fallback)
        {
            Native.Answer answer;
            using (var text = new Utf8(key))
            using (var other = new Utf8(fallback))
            {
                string value = Native.Take(Native.expplat_object(handle, text.View, HandleOf(user), other.View, out answer));
                return fallback == null && answer.IsFallback ? null : value;
            }
        }

        /// <summary>The answer to a line of a file of cases, as JSON. Records nothing.</summary>
        public string EvaluateCase(string line)
        {
            using (var text = new Utf8(line)) return Native.Take(Native.expplat_evaluate_case(handle, text.View));
        }

        private static readonly UserHandle nobody = new UserHandle();
        private static UserHandle HandleOf(User user) { return user == null ? nobody : user.Handle; }

        /// <summary>Closes the client: its events are sent, for as long as it may take.</summary>
        public void Dispose() { handle.Dispose(); }
    }

    /// <summary>Ends the object when nothing uses it any more, a call that is under way included.</summary>
    internal sealed class UserHandle : SafeHandle
    {
        public UserHandle() : base(IntPtr.Zero, true) { }
        public override bool IsInvalid { get { return handle == IntPtr.Zero; } }
        protected override bool ReleaseHandle() { Native.expplat_user_destroy(handle); return true; }
    }

    internal sealed class ConfigHandle : SafeHandle
    {
        public ConfigHandle() : base(IntPtr.Zero, true) { }
        public override bool IsInvalid { get { return handle == IntPtr.Zero; } }
        protected override bool ReleaseHandle() { Native.expplat_config_destroy(handle); return true; }
    }

    internal sealed class ClientHandle : SafeHandle
    {
        public ClientHandle() : base(IntPtr.Zero, true) { }
        public override bool IsInvalid { get { return handle == IntPtr.Zero; } }
        protected override bool ReleaseHandle() { Native.expplat_destroy(handle); return true; }
    }

    /// <summary>A text as UTF-8 that stands still while the library reads it.</summary>
    internal struct Utf8 : IDisposable
    {
        private static readonly UTF8Encoding Encoding = new UTF8Encoding(false);
        private GCHandle pinned;
        internal readonly Native.Str View;

        internal Utf8(string text)
        {
            byte[] bytes = Encoding.GetBytes(text ?? "");
            pinned = GCHandle.Alloc(bytes, GCHandleType.Pinned);
            View = new Native.Str { Data = pinned.AddrOfPinnedObject(), Size = (UIntPtr)bytes.Length };
        }

        public void Dispose() { pinned.Free(); }

        internal static string Read(IntPtr data, int size)
        {
            byte[] bytes = new byte[size];
            if (size > 0) Marshal.Copy(data, bytes, 0, size);
            return Encoding.GetString(bytes);
        }
        internal static string Read(byte[] bytes, int size) { return size == 0 ? null : Encoding.GetString(bytes, 0, size); }
    }

    internal static class Native
    {
        private const string Library = "expplat";

        [StructLayout(LayoutKind.Sequential)]
        internal struct Str { internal IntPtr Data; internal UIntPtr Size; }

        [StructLayout(LayoutKind.Sequential)]
        internal struct Text { internal IntPtr Data; internal UIntPtr Size; }

        [StructLayout(LayoutKind.Sequential)]
        internal struct Answer
        {
            internal ulong Version;
            internal ulong Bits;
            internal byte Kind, Reason, Error, Exposure, VariantSize, RuleSize, Reserved0, Reserved1;
            [MarshalAs(UnmanagedType.ByValArray, SizeConst = 129)] internal byte[] Variant;
            [MarshalAs(UnmanagedType.ByValArray, SizeConst = 129)] internal byte[] Rule;

            internal bool IsFallback { get { return VariantSize == 0 || Error != 0; } }

            internal Expplat.Answer Read()
            {
                return new Expplat.Answer
                {
                    Variant = Utf8.Read(Variant, VariantSize),
                    Rule = Utf8.Read(Rule, RuleSize),
                    Reason = (Reason)Reason,
                    Error = (EvaluationError)Error,
                    Exposure = Exposure != 0,
                    RulesetVersion = Version
                };
            }
        }

        internal static string Take(Text text)
        {
            string result = text.Data == IntPtr.Zero ? null : Utf8.Read(text.Data, (int)text.Size);
            expplat_text_free(text);
            return result;
        }

        internal static ExpplatException Exception(IntPtr error)
        {
            Str message = expplat_error_message(error);
            var exception = new ExpplatException(expplat_error_code(error), Utf8.Read(message.Data, (int)message.Size));
            expplat_error_free(error);
            return exception;
        }

        [DllImport(Library)] internal static extern void expplat_text_free(Text text);
        [DllImport(Library)] internal static extern int expplat_error_code(IntPtr error);
        [DllImport(Library)] internal static extern Str expplat_error_message(IntPtr error);
        [DllImport(Library)] internal static extern void expplat_error_free(IntPtr error);

        [DllImport(Library)] internal static extern UserHandle expplat_user_create(Str key);
        [DllImport(Library)] internal static extern UserHandle expplat_user_from_json(Str json, ref IntPtr error);
        [DllImport(Library)] internal static extern void expplat_user_destroy(IntPtr user);
        [DllImport(Library)] [return: MarshalAs(UnmanagedType.I1)]
        internal static extern bool expplat_user_set_bool(UserHandle user, Str name, [MarshalAs(UnmanagedType.I1)] bool value);
        [DllImport(Library)] [return: MarshalAs(UnmanagedType.I1)]
        internal static extern bool expplat_user_set_int(UserHandle user, Str name, long value);
        [DllImport(Library)] [return: MarshalAs(UnmanagedType.I1)]
        internal static extern bool expplat_user_set_double(UserHandle user, Str name, double value);
        [DllImport(Library)] [return: MarshalAs(UnmanagedType.I1)]
        internal static extern bool expplat_user_set_string(UserHandle user, Str name, Str value);
        [DllImport(Library)] [return: MarshalAs(UnmanagedType.I1)]
        internal static extern bool expplat_user_set_null(UserHandle user, Str name);

        [DllImport(Library)] internal static extern IntPtr expplat_code_name(int code);

        [DllImport(Library)] internal static extern ConfigHandle expplat_config_create();
        [DllImport(Library)] internal static extern void expplat_config_destroy(IntPtr config);
        [DllImport(Library)] internal static extern int expplat_config_source_text(ConfigHandle config, Str json);
        [DllImport(Library)]
        internal static extern int expplat_config_source_file(ConfigHandle config, Str path, long watchIntervalMs);
        [DllImport(Library)] internal static extern int expplat_config_source_server(ConfigHandle config, Str url, Str key);
        [DllImport(Library)] internal static extern int expplat_config_sink_http(ConfigHandle config, Str url, Str key);
        [DllImport(Library)] internal static extern int expplat_config_sink_file(ConfigHandle config, Str path, ulong rotateBytes);
        [DllImport(Library)] internal static extern int expplat_config_set_string(ConfigHandle config, Str name, Str value);
        [DllImport(Library)] internal static extern int expplat_config_set_int(ConfigHandle config, Str name, long value);
        [DllImport(Library)]
        internal static extern int expplat_config_set_bool(ConfigHandle config, Str name, [MarshalAs(UnmanagedType.I1)] bool value);
        [DllImport(Library)] internal static extern ClientHandle expplat_open(ConfigHandle config, ref IntPtr error);
        [DllImport(Library)] internal static extern void expplat_destroy(IntPtr client);
        [DllImport(Library)] [return: MarshalAs(UnmanagedType.I1)]
        internal static extern bool expplat_wait_ready(ClientHandle client, long timeoutMs);
        [DllImport(Library)] [return: MarshalAs(UnmanagedType.I1)]
        internal static extern bool expplat_flush(ClientHandle client, long timeoutMs);
        [DllImport(Library)] internal static extern long expplat_poll(ClientHandle client);
        [DllImport(Library)]
        internal static extern int expplat_track(ClientHandle client, Str name, UserHandle user, double[] value, Str properties);
        [DllImport(Library)] internal static extern Text expplat_status_json(ClientHandle client);
        [DllImport(Library)] internal static extern Text expplat_stats_json(ClientHandle client);

        [DllImport(Library)]
        internal static extern void expplat_variant(ClientHandle client, Str key, UserHandle user, out Answer answer);
        [DllImport(Library)] [return: MarshalAs(UnmanagedType.I1)]
        internal static extern bool expplat_boolean(ClientHandle client, Str key, UserHandle user,
                                                    [MarshalAs(UnmanagedType.I1)] bool fallback, IntPtr answer);
        [DllImport(Library)]
        internal static extern long expplat_integer(ClientHandle client, Str key, UserHandle user, long fallback, IntPtr answer);
        [DllImport(Library)]
        internal static extern double expplat_number(ClientHandle client, Str key, UserHandle user, double fallback, IntPtr answer);
        [DllImport(Library)]
        internal static extern Text expplat_string(ClientHandle client, Str key, UserHandle user, Str fallback, out Answer answer);
        [DllImport(Library)]
        internal static extern Text expplat_object(ClientHandle client, Str key, UserHandle user, Str fallback, out Answer answer);
        [DllImport(Library)] internal static extern Text expplat_evaluate_case(ClientHandle client, Str line);
    }
}
