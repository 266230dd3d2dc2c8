// Evaluation for thin clients and tests: one flag or experiment, some, or all of an environment; and why.
#include "expplat/base/json_text.hpp"
#include "expplat/eval/evaluate.hpp"
#include "server/api/routes.hpp"
#include "src/ruleset/answer_json.hpp"
#include "src/ruleset/explanation.hpp"
#include "src/ruleset/user_json.hpp"

namespace expplat::server::api {

using namespace domain;

namespace {

constexpr std::size_t keys_most = 1'000;                          // of one request
constexpr std::size_t answer_bytes_most = std::size_t{16} << 20;  // of one answer

void check_size(const std::string& json) {
    if (json.size() > answer_bytes_most)
        throw Refusal(ProblemType::too_large, "the answer is larger than 16 MiB: ask for fewer keys");
}

struct Question {
    std::shared_ptr<const publish::Release> release;
    std::optional<User> user;
    std::vector<std::string> keys;  // empty: all
};

[[nodiscard]] Question question_of(const Services& services, const Call& call, auth::Operation all,
                                   std::optional<auth::Operation> visible) {
    Body body = call.body();
    const ruleset::Node* const user = body.object("user");
    if (user == nullptr) refuse_member("/user", "is missing");
    Question question;
    question.user = ruleset::read_user(*user);
    if (!question.user) refuse_member("/user", "is no user: it has a `key` and `attributes`");
    if (std::optional<std::string> key = body.optional_text("key")) question.keys.push_back(std::move(*key));
    if (const auto keys = body.optional_texts("keys"))
        question.keys.insert(question.keys.end(), keys->begin(), keys->end());
    if (question.keys.size() > keys_most)
        throw Refusal(ProblemType::too_large, "a request asks for at most 1000 keys");
    publish::EnvironmentName name{body.optional_text("project").value_or(""),
                                  body.optional_text("environment").value_or("")};
    body.done();
    if (!call.entry().environment.empty()) {
        call.require_own_place(name.project, name.environment);
        name = {call.entry().project, call.entry().environment};
    }
    if (name.project.empty()) refuse_member("/project", "is missing");
    if (name.environment.empty()) refuse_member("/environment", "is missing");

    const std::int64_t now_ms = services.now_ms();
    auto audience = publish::Audience::server;
    if (visible && auth::decide(call.entry().principal, all, {name.project, name.environment}, now_ms) !=
                       auth::Verdict::allowed) {
        audience = publish::Audience::client;
        all = *visible;
    }
    call.require(all, name.project, name.environment, now_ms);
    question.release = services.hub.current(name, audience);
    if (question.release == nullptr) throw Refusal(ProblemType::not_found, "there is no such environment");
    return question;
}

/// Calls `each(key, entity or null)`.
template <class Each>
void each_question(const Question& question, Each&& each) {
    const image::View view = question.release->image.view();
    if (question.keys.empty()) {
        for (const image::Offset offset : view.entities()) {
            const image::Entity& entity = view.entity(offset);
            each(image::key_of(entity), &entity);
        }
        return;
    }
    for (const std::string& key : question.keys) each(std::string_view(key), view.find(key, hash64(key)));
}

}  // namespace

void add_evaluation(Routes& routes) {
    const Services& services = routes.services();

    routes.add_quick("POST", "/api/v1/evaluate", [&services](Call& call) {
        const Question question =
            question_of(services, call, auth::Operation::evaluate, auth::Operation::client_evaluate);
        const image::View view = question.release->image.view();
        const eval::Patterns patterns = question.release->patterns.patterns();
        std::string json = R"({"version":)" + std::to_string(view.version()) + R"(,"answers":[)";
        each_question(question, [&](std::string_view key, const image::Entity* entity) {
            if (json.back() != '[') json += ',';
            const eval::Answer answer = entity == nullptr
                                            ? eval::evaluate(view, key, *question.user, patterns)
                                            : eval::evaluate(view, *entity, *question.user, patterns);
            ruleset::append_answer_json(json, key, answer, view.version());
            check_size(json);
        });
        http::Response response = http::Response::json(200, json + "]}");
        response.headers.set("Cache-Control", "no-store");
        return response;
    });

    routes.add(
        "POST", "/api/v1/explain",
        [&services](Call& call) {
            const Question question = question_of(services, call, auth::Operation::explain, std::nullopt);
            if (question.keys.empty()) refuse_member("/key", "is missing");
            const image::View view = question.release->image.view();
            std::string json = R"({"explanations":[)";
            each_question(question, [&](std::string_view key, const image::Entity* entity) {
                if (entity == nullptr)
                    throw Refusal(ProblemType::not_found,
                                  "there is no flag or experiment `" + std::string(key) + '`');
                if (json.back() != '[') json += ',';
                json += R"({"key":)";
                append_json_string(json, key);
                json += R"(,"lines":[)";
                for (const std::string& line :
                     ruleset::explain(view, *entity, *question.user, question.release->patterns.patterns())) {
                    if (json.back() != '[') json += ',';
                    append_json_string(json, line);
                }
                json += "]}";
                check_size(json);
            });
            return http::Response::json(200, json + "]}");
        },
        Effect::answers);
}

}  // namespace expplat::server::api
