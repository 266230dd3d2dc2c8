// The command line as RULESET.md, section 8, has it: the built program, started as a user starts it.
//
// Answers come from the conformance folders; everything else is written to a folder of its own. Each run is one
// process, so runs are few and each looks at exit code, output and errors together.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/eval/compiled.hpp"

namespace expplat::tests {
namespace {

constexpr std::string_view small =
    R"({"format": "expplat.ruleset/1", "environment": "t", "version": 7,
        "experiments": {"e": {"type": "string", "status": "draft", "variants": {"a": "A"}, "split": [{"variant": "a", "weight": 1}]}},
        "flags": {"z": {"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": "on"},
                  "a": {"type": "integer", "variants": {"one": 1}, "off": "one", "default": "one"}}})";

class CommandLine : public ::testing::Test {
protected:
    struct Run {
        int status = -1;
        std::string out;
        std::string err;
    };

    void SetUp() override {
        std::string name = ::testing::TempDir() + "expplat_cli_XXXXXX";
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string path(std::string_view name) const { return folder_ + "/" + std::string(name); }
    std::string write(std::string_view name, std::string_view content) const {
        std::ofstream(path(name), std::ios::binary) << content;
        return path(name);
    }

    /// Arguments are words; what is after them in `shell` is the shell's, as `< file`.
    [[nodiscard]] Run run(const std::vector<std::string>& words,
                          std::string_view shell = "< /dev/null") const {
        std::string command = quoted(EXPPLAT_CLI);
        for (const std::string& word : words) command += " " + quoted(word);
        command += " " + std::string(shell) + " 2> " + quoted(path("err"));
        if (shell.find("> ") == shell.npos) command += " > " + quoted(path("out"));
        Run result;
        const int status = std::system(command.c_str());
        result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (std::filesystem::exists(path("out"))) result.out = file_content(path("out"));
        result.err = file_content(path("err"));
        return result;
    }

    void expect_refused(const std::string& file, std::string_view complaint) const {
        for (const char* command : {"validate", "compile", "evaluate", "explain"}) {
            const std::vector<std::string> words = {command, file};
            const Run refused =
                std::string_view(command) == "validate"   ? run(words)
                : std::string_view(command) == "compile"  ? run({command, file, "-o", path("never.xpr")})
                : std::string_view(command) == "evaluate" ? run({command, file, "--user", "{}"})
                                                          : run({command, file, "--user", "{}", "z"});
            EXPECT_EQ(refused.status, 1) << command << " " << file << ": " << refused.err;
            EXPECT_EQ(refused.out, "") << command << " " << file;
            EXPECT_NE(refused.err.find(complaint), std::string::npos)
                << command << " " << file << ": " << refused.err;
        }
        EXPECT_FALSE(std::filesystem::exists(path("never.xpr")));
        EXPECT_FALSE(std::filesystem::exists(path("never.xpr.part")));
    }

    static void expect_same_lines(const std::string& out, const std::vector<std::string>& answers) {
        std::vector<std::string> lines;
        std::size_t begin = 0;
        for (std::size_t end; (end = out.find('\n', begin)) != out.npos; begin = end + 1) {
            lines.push_back(out.substr(begin, end - begin));
        }
        ASSERT_EQ(lines.size(), answers.size());
        for (std::size_t i = 0; i < lines.size(); ++i) {
            ASSERT_TRUE(same_json(lines[i], answers[i]))
                << "line " << i + 1 << "\n  is  " << lines[i] << "\n  not " << answers[i];
        }
    }

    static std::string quoted(std::string_view word) {
        std::string text = "'";
        for (const char c : word) {
            if (c == '\'') text += "'\\''";
            else text += c;
        }
        return text + "'";
    }

    std::string folder_;
};

TEST_F(CommandLine, EveryConformanceAnswerFromJsonAndFromTheCompiledFile) {
    for (const char* folder : {"own", "vectors/random-1"}) {
        const std::string data = std::string(EXPPLAT_CONFORMANCE) + "/" + folder;
        const std::vector<std::string> answers = file_lines(data + "/answers.jsonl");
        const Run json = run({"evaluate", data + "/ruleset.json", "--cases", data + "/cases.jsonl"});
        EXPECT_EQ(json.status, 0) << json.err;
        EXPECT_EQ(json.err, "");
        expect_same_lines(json.out, answers);

        ASSERT_EQ(run({"compile", data + "/ruleset.json", "-o", path("r.xpr")}).status, 0);
        const Run image =
            run({"evaluate", path("r.xpr"), "--cases", "-"}, "< " + quoted(data + "/cases.jsonl"));
        EXPECT_EQ(image.status, 0) << image.err;
        EXPECT_EQ(image.out, json.out);
    }
}

/// "blank lines are skipped"; a last line needs no line end.
TEST_F(CommandLine, SkipsBlankLinesOfCases) {
    const std::string cases =
        "\n  \t\r\n{\"key\":\"z\",\"user\":{}}\n\n\n{\"key\":\"a\",\"user\":{}}\r\n \n{\"key\":\"?\"}";
    const Run done = run({"evaluate", write("r.json", small), "--cases", write("c.jsonl", cases)});
    EXPECT_EQ(done.status, 0);
    expect_same_lines(
        done.out,
        {R"({"key":"z","variant":"on","value":true,"reason":"DEFAULT","rule":null,"error":null,"exposure":false,"version":7})",
         R"({"key":"a","variant":"one","value":1,"reason":"DEFAULT","rule":null,"error":null,"exposure":false,"version":7})",
         R"({"key":"?","variant":null,"value":null,"reason":"ERROR","rule":null,"error":"PARSE_ERROR","exposure":false,"version":7})"});
    const Run none = run({"evaluate", path("r.json"), "--cases", write("empty.jsonl", "")});
    EXPECT_EQ(none.status, 0);
    EXPECT_EQ(none.out, "");
}

/// "`--user` with no KEY answers all flags, then all experiments, in document order".
TEST_F(CommandLine, AnswersAllFlagsThenAllExperimentsInDocumentOrder) {
    const std::string ruleset = write("r.json", small);
    const Run all = run({"evaluate", ruleset, "--user", R"({"key":"u"})"});
    EXPECT_EQ(all.status, 0);
    const std::size_t z = all.out.find("\"key\": \"z\"");
    const std::size_t a = all.out.find("\"key\": \"a\"");
    const std::size_t e = all.out.find("\"key\": \"e\"");
    ASSERT_TRUE(z != all.out.npos && a != all.out.npos && e != all.out.npos) << all.out;
    EXPECT_TRUE(z < a && a < e) << all.out;
    const Run some = run({"evaluate", ruleset, "a", "--user", R"({"key":"u"})", "a"});
    EXPECT_EQ(some.out.find("FLAG_NOT_FOUND"), some.out.npos) << some.out;
    EXPECT_EQ(some.out.size(), 2 * (some.out.find('\n') + 1));
    const Run unreadable = run({"evaluate", ruleset, "--user", "{", "z", "nobody"});
    EXPECT_EQ(unreadable.status, 0);
    expect_same_lines(
        unreadable.out,
        {R"({"key":"z","variant":null,"value":null,"reason":"ERROR","rule":null,"error":"PARSE_ERROR","exposure":false,"version":7})",
         R"({"key":"nobody","variant":null,"value":null,"reason":"ERROR","rule":null,"error":"PARSE_ERROR","exposure":false,"version":7})"});
}

TEST_F(CommandLine, MeasuresThroughputOnStandardError) {
    const std::string ruleset = write("r.json", small);
    const std::string cases = write("c.jsonl", "{\"key\":\"z\",\"user\":{}}\n{\"key\":\"e\",\"user\":{}}\n");
    const Run plain = run({"evaluate", ruleset, "--cases", cases});
    const Run measured = run({"evaluate", ruleset, "--cases", cases, "--threads", "2", "--repeat=50"});
    EXPECT_EQ(measured.status, 0);
    EXPECT_EQ(measured.out, plain.out) << "each answer is printed once";
    EXPECT_TRUE(std::regex_match(
        measured.err,
        std::regex(
            R"(200 evaluations by 2 threads in [0-9.]+ s: [0-9]+ evaluations/s, [0-9.]+ ns [^\n]*100 gave a variant\n)")))
        << measured.err;
    EXPECT_EQ(plain.err, "");
    for (const char* count : {"0", "-1", "x", "1.5", "1025", "99999999999", ""}) {
        EXPECT_EQ(run({"evaluate", ruleset, "--cases", cases, "--threads", count}).status, 2) << count;
    }
}

/// Section 1: what a client adopts of a newer server's ruleset.
TEST_F(CommandLine, TolerantAdoptsWhatItDoesNotKnow) {
    const std::string ruleset = write("new.json", document(R"("future": {"x": 1}, "flags": {
        "old": {"type": "boolean", "variants": {"on": true}, "off": "on", "default": "on"},
        "new": {"type": "boolean", "variants": {"on": true}, "off": "on", "default": "on", "rollout": 5}})"));
    const Run strict = run({"evaluate", ruleset, "--user", "{}"});
    EXPECT_EQ(strict.status, 1);
    EXPECT_NE(strict.err.find("/future: "), std::string::npos) << strict.err;
    EXPECT_NE(strict.err.find("/flags/new/rollout: "), std::string::npos) << strict.err;
    EXPECT_LT(strict.err.find("/future: "), strict.err.find("/flags/new/rollout: "));
    const Run tolerant = run({"evaluate", ruleset, "--tolerant", "--user", "{}"});
    EXPECT_EQ(tolerant.status, 0) << tolerant.err;
    expect_same_lines(
        tolerant.out,
        {R"({"key":"old","variant":"on","value":true,"reason":"DEFAULT","rule":null,"error":null,"exposure":false,"version":1})",
         R"({"key":"new","variant":null,"value":null,"reason":"ERROR","rule":null,"error":"GENERAL","exposure":false,"version":1})"});
    EXPECT_NE(tolerant.err.find("/flags/new"), std::string::npos)
        << "what is unsupported is reported: " << tolerant.err;
    EXPECT_EQ(run({"explain", ruleset, "--tolerant", "--user", "{}", "new"}).status, 0);
}

TEST_F(CommandLine, PrintsEveryErrorWithItsPointerInDocumentOrder) {
    const Run refused = run(
        {"validate",
         write(
             "r.json",
             document(
                 R"("flags": {"a\nb": 1, "f": {"type": "boolean", "variants": {"on": true}, "off": "of\u001b", "default": "on", "x\u007f": 1}})"))});
    EXPECT_EQ(refused.status, 1);
    EXPECT_EQ(refused.out, "");
    std::vector<std::string> starts;
    std::size_t begin = 0;
    for (std::size_t end; (end = refused.err.find('\n', begin)) != refused.err.npos; begin = end + 1) {
        starts.push_back(refused.err.substr(begin, refused.err.find(": ", begin) - begin));
    }
    EXPECT_EQ(starts, (std::vector<std::string>{R"(/flags/a\u000ab)", "/flags/f/off", R"(/flags/f/x\u007f)"}))
        << refused.err;
    EXPECT_NE(refused.err.find(R"(of\u001b)"), std::string::npos) << refused.err;
    for (const char c : refused.err) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c != 0x7F) || c < 0) << int{c};
}

TEST_F(CommandLine, RefusesFilesThatAreNoRuleset) {
    expect_refused(path("absent.json"), "cannot read " + path("absent.json"));
    expect_refused(folder_, "cannot read " + folder_);
    expect_refused(write("empty.json", ""), ": line 1, column 1");
    expect_refused(write("cut.json", small.substr(0, small.size() / 2)), ": line ");
    expect_refused(write("text.json", "hello"), ": line 1, column 1");
    expect_refused(write("list.json", "[1]"), ": line 1, column 1");
    expect_refused(write("latin1.json", "{\"format\": \"\xE9\"}"), ": line 1, column 1");
    expect_refused(write("nine.json", R"({"format": "expplat.ruleset/9", "environment": "t", "version": 1})"),
                   "/format: ");
    write("large.json", "{");
    std::filesystem::resize_file(path("large.json"), (std::size_t{64} << 20) + 1);  // sparse
    expect_refused(path("large.json"), "67108864");
    std::filesystem::resize_file(path("large.json"), (std::size_t{1} << 30) + 1);
    expect_refused(path("large.json"), "1073741824");
}

TEST_F(CommandLine, RefusesDamagedImages) {
    ASSERT_EQ(run({"compile", write("r.json", small), "-o", path("r.xpr")}).status, 0);
    const std::string image = file_content(path("r.xpr"));
    const auto refused = [&](const std::string& bytes, std::string_view complaint) {
        const Run done = run({"evaluate", write("bad.xpr", bytes), "--user", "{}"});
        EXPECT_EQ(done.status, 1) << done.out;
        EXPECT_EQ(done.out, "");
        EXPECT_NE(done.err.find(complaint), std::string::npos) << done.err;
        EXPECT_NE(done.err.find(path("bad.xpr")), std::string::npos) << done.err;
    };
    refused(image.substr(0, image.size() - 8), "should have");
    refused(image.substr(0, 20), "no expplat image");
    std::string flipped = image;
    flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 1);
    refused(flipped, "checksum");
    std::string newer = image;
    newer[12] = 9;
    refused(newer, "version 9");
}

TEST_F(CommandLine, RefusesCasesThatCannotBeRead) {
    const std::string ruleset = write("r.json", small);
    for (const std::string& cases : {path("absent.jsonl"), folder_}) {
        const Run refused = run({"evaluate", ruleset, "--cases", cases});
        EXPECT_EQ(refused.status, 1) << refused.out;
        EXPECT_NE(refused.err.find(cases), std::string::npos) << refused.err;
    }
}

TEST_F(CommandLine, EndsWithTwoForWrongUsage) {
    const std::string r = write("r.json", small);
    const std::vector<std::vector<std::string>> usages = {{},
                                                          {"frobnicate"},
                                                          {"validate"},
                                                          {"validate", r, r},
                                                          {"validate", r, "--tolerant"},
                                                          {"compile", r},
                                                          {"compile", r, "-o"},
                                                          {"compile", "-o", path("x")},
                                                          {"evaluate"},
                                                          {"evaluate", r},
                                                          {"evaluate", r, "--user"},
                                                          {"evaluate", r, "--user", "{}", "--cases", "-"},
                                                          {"evaluate", r, "--cases", "-", "z"},
                                                          {"evaluate", r, "--user", "{}", "--user", "{}"},
                                                          {"evaluate", r, "--unknown", "--user", "{}"},
                                                          {"evaluate", r, "--tolerant=yes", "--user", "{}"},
                                                          {"explain", r, "--user", "{}"},
                                                          {"explain", r, "z"},
                                                          {"explain", r, "--user", "{}", "z", "a"}};
    for (const std::vector<std::string>& words : usages) {
        const Run refused = run(words);
        std::string shown;
        for (const std::string& word : words) shown += word + " ";
        EXPECT_EQ(refused.status, 2) << shown;
        EXPECT_EQ(refused.out, "") << shown;
        EXPECT_NE(refused.err, "") << shown;
    }
    EXPECT_EQ(run({"evaluate", "--user", "{}", "--", r, "z"}).status, 0);
    const Run version = run({"--version"});
    EXPECT_EQ(version.status, 0);
    EXPECT_NE(version.out, "");
    const Run help = run({"--help"});
    EXPECT_EQ(help.status, 0);
    EXPECT_NE(help.out.find("evaluate"), std::string::npos);
}

TEST_F(CommandLine, CompilesToTheSameBytesAndReplacesTheFile) {
    const std::string ruleset = write("r.json", small);
    write("r.xpr", "old");
    ASSERT_EQ(run({"compile", ruleset, "-o", path("r.xpr")}).status, 0);
    ASSERT_EQ(run({"compile", ruleset, "-o", path("again.xpr")}).status, 0);
    EXPECT_EQ(file_content(path("r.xpr")), file_content(path("again.xpr")));
    EXPECT_FALSE(std::filesystem::exists(path("r.xpr.part")));
    const Run unwritable = run({"compile", ruleset, "-o", path("absent/r.xpr")});
    EXPECT_EQ(unwritable.status, 1);
    EXPECT_NE(unwritable.err.find("absent/r.xpr"), std::string::npos) << unwritable.err;
}

TEST_F(CommandLine, ExplainsToTheAnswer) {
    const std::string ruleset = write("r.json", small);
    const Run known = run({"explain", ruleset, "--user", R"({"key":"u"})", "z"});
    EXPECT_EQ(known.status, 0);
    EXPECT_NE(known.out.find("answer: \"on\" = true, reason DEFAULT\n"), std::string::npos) << known.out;
    EXPECT_EQ(known.out.find('\x1b'), std::string::npos) << "no colour where there is no terminal";
    const Run unknown = run({"explain", ruleset, "--user", "{}", "nobody"});
    EXPECT_EQ(unknown.status, 0);
    EXPECT_NE(unknown.out.find("FLAG_NOT_FOUND"), std::string::npos) << unknown.out;
    EXPECT_NE(run({"explain", ruleset, "--user", "[]", "z"}).out.find("PARSE_ERROR"), std::string::npos);
}

TEST_F(CommandLine, SaysWhenStandardOutputTakesNothing) {
    const Run full = run({"evaluate", write("r.json", small), "--user", "{}"}, "< /dev/null > /dev/full");
    EXPECT_EQ(full.status, 1);
    EXPECT_NE(full.err.find("standard output"), std::string::npos) << full.err;
}

}  // namespace
}  // namespace expplat::tests
