#include "server/store/transfer.hpp"

#include <array>
#include <map>
#include <vector>

#include "server/domain/json_object.hpp"
#include "server/store/migrator.hpp"

namespace expplat::server::store {

namespace {

using domain::Cell;
using domain::ObjectWriter;
using domain::ProblemType;
using domain::Refusal;
using domain::Rows;
using domain::Transaction;
using ruleset::Node;
using ruleset::NodeKind;

/// A table and what its rows are paged by.
struct Table {
    std::string_view name;
    std::vector<std::string_view> key;
    std::int64_t page_rows = 500;  // read at once; fewer where one may be megabytes
};

/// Those that others refer to first. Answers that wait for a repeat and leases of the moment stay behind.
const std::vector<Table>& tables() {
    static const std::vector<Table> all{
        {"projects", {"key"}},
        {"environments", {"project", "key"}},
        {"entities", {"project", "kind", "key"}, 25},
        {"configurations", {"project", "environment", "kind", "key"}, 25},
        {"phases", {"project", "environment", "experiment", "number"}, 25},
        {"keys", {"id"}},
        {"people", {"id"}},
        {"identities", {"issuer", "subject"}},
        {"roles", {"key"}},
        {"grants", {"person", "role", "project", "environment"}},
        {"schedules", {"id"}, 25},
        {"change_requests", {"id"}, 25},
        {"audit", {"sequence"}, 25},
        {"audit_head", {"id"}},
        {"webhooks", {"id"}},
        {"rulesets", {"project", "environment", "version"}, 1},
        {"outbox", {"id"}},
        {"sequences", {"name"}},
        {"events", {"id"}},
        {"received_events", {"project", "environment", "id"}},
        {"event_counters", {"project", "environment", "experiment", "variant"}},
    };
    return all;
}

std::string joined(const std::vector<std::string_view>& columns) {
    std::string out;
    for (const std::string_view column : columns) {
        out += out.empty() ? "" : ", ";
        out += column;
    }
    return out;
}

std::string line_of(const Table& table, const Rows& rows, std::size_t row) {
    ObjectWriter values;
    for (std::size_t i = 0; i < rows.columns.size(); ++i) {
        const Cell& cell = rows.cells[row][i];
        if (const auto* number = std::get_if<std::int64_t>(&cell)) {
            values.integer(rows.columns[i], *number);
        } else if (const auto* text = std::get_if<std::string>(&cell)) {
            values.text(rows.columns[i], *text);
        } else {
            values.null(rows.columns[i]);
        }
    }
    ObjectWriter line;
    line.text("table", table.name).json("row", std::move(values).done());
    return std::move(line).done() + "\n";
}

void write_line(const std::function<bool(std::string_view)>& write, const std::string& line) {
    if (!write(line)) throw Refusal(ProblemType::unavailable, "the export could not be written");
}

std::int64_t schema_of(Transaction& t) {
    return t.execute("SELECT COALESCE(MAX(number), 0) FROM schema_migrations")[0].integer(0);
}

/// The key of a page's last row.
std::vector<Cell> key_of(const Table& table, const Rows& rows) {
    std::vector<Cell> key;
    for (const std::string_view column : table.key) {
        for (std::size_t i = 0; i < rows.columns.size(); ++i) {
            if (rows.columns[i] == column) key.push_back(rows.cells.back()[i]);
        }
    }
    return key;
}

std::int64_t export_table(Transaction& t, const Table& table,
                          const std::function<bool(std::string_view)>& write) {
    const std::string columns = joined(table.key);
    const std::string select = "SELECT * FROM " + std::string(table.name);
    const std::string order = " ORDER BY " + columns + " LIMIT " + std::to_string(table.page_rows);
    std::string marks = "?";
    for (std::size_t i = 1; i < table.key.size(); ++i) marks += ", ?";
    std::int64_t count = 0;
    Rows rows = t.execute(select + order);
    while (!rows.empty()) {
        for (std::size_t i = 0; i < rows.size(); ++i) write_line(write, line_of(table, rows, i));
        count += static_cast<std::int64_t>(rows.size());
        rows = t.execute(select + " WHERE (" + columns + ") > (" + marks + ")" + order, key_of(table, rows));
    }
    return count;
}

[[noreturn]] void refuse_line(std::int64_t line, std::string_view what) {
    throw Refusal(ProblemType::invalid, "line " + std::to_string(line) + ": " + std::string(what));
}

/// The columns of each table in this database: what a file may name.
std::map<std::string, std::vector<std::string>, std::less<>> columns_of_tables(Transaction& t) {
    std::map<std::string, std::vector<std::string>, std::less<>> columns;
    for (const Table& table : tables()) {
        columns[std::string(table.name)] =
            t.execute("SELECT * FROM " + std::string(table.name) + " LIMIT 0").columns;
    }
    return columns;
}

class Importer {
public:
    explicit Importer(Transaction& t) : transaction_(t), columns_(columns_of_tables(t)) {}

    void begin(const std::string& line) {
        const ruleset::Document document = parse(line);
        const Node* schema = document.root().find("schema");
        if (domain::text_member(document.root(), "expplat") != "export/1" || schema == nullptr) {
            refuse_line(1, "this is no export");
        }
        const auto known = static_cast<std::int64_t>(migrations().size());
        if (schema->integer() != known) {
            throw Refusal(ProblemType::conflict, "the export is of schema " +
                                                     std::to_string(schema->integer()) +
                                                     ", and this database's is " + std::to_string(known));
        }
        for (const char* table : {"projects", "people", "audit"}) {
            if (transaction_.execute("SELECT COUNT(*) FROM " + std::string(table))[0].integer(0) != 0) {
                throw Refusal(ProblemType::conflict,
                              "the database is not empty: its table `" + std::string(table) + "` has rows");
            }
        }
        // What the migrations put there comes with the file.
        (void)transaction_.execute("DELETE FROM audit_head");
        (void)transaction_.execute("DELETE FROM sequences");
    }

    void take(const std::string& text) {
        ++line_;
        if (ended_) refuse_line(line_, "something follows the end");
        const ruleset::Document document = parse(text);
        if (const Node* end = document.root().find("end"); end != nullptr) {
            const Node* rows = end->find("rows");
            if (rows == nullptr || rows->integer() != rows_) refuse_line(line_, "rows are missing");
            ended_ = true;
            return;
        }
        const auto table = columns_.find(domain::text_member(document.root(), "table"));
        const Node* row = document.root().find("row");
        if (table == columns_.end() || row == nullptr || row->kind() != NodeKind::object) {
            refuse_line(line_, "this is no row");
        }
        insert(table->first, table->second, *row);
    }

    std::int64_t finish() {
        if (!ended_) throw Refusal(ProblemType::invalid, "the export has no end: it was cut off");
        return rows_;
    }

private:
    ruleset::Document parse(const std::string& text) {
        Result<ruleset::Document> document = ruleset::parse_json(text);
        if (!document || document->root().kind() != NodeKind::object)
            refuse_line(line_, "this is no JSON object");
        return std::move(*document);
    }

    void insert(const std::string& table, const std::vector<std::string>& columns, const Node& row) {
        if (row.members().size() != columns.size()) refuse_line(line_, "the row has other columns");
        std::string names;
        std::string marks;
        std::vector<Cell> values;
        for (const std::string& column : columns) {
            const Node* value = row.find(column);
            if (value == nullptr) refuse_line(line_, "the row has no column `" + column + "`");
            names += (names.empty() ? "" : ", ") + column;
            marks += marks.empty() ? "?" : ", ?";
            switch (value->kind()) {
                case NodeKind::null: values.emplace_back(); break;
                case NodeKind::integer: values.emplace_back(value->integer()); break;
                case NodeKind::string: values.emplace_back(std::string(value->text())); break;
                default: refuse_line(line_, "column `" + column + "` is neither text nor an integer");
            }
        }
        (void)transaction_.execute("INSERT INTO " + table + " (" + names + ") VALUES (" + marks + ")",
                                   values);
        ++rows_;
    }

    Transaction& transaction_;
    std::map<std::string, std::vector<std::string>, std::less<>> columns_;
    std::int64_t line_ = 1;
    std::int64_t rows_ = 0;
    bool ended_ = false;
};

}  // namespace

domain::Outcome<std::int64_t> export_database(domain::Store& store,
                                              const std::function<bool(std::string_view)>& write) {
    bool has_begun = false;
    return store.read([&](Transaction& t) {
        // What was written cannot be taken back, so a second attempt is none.
        if (has_begun) throw Refusal(ProblemType::unavailable, "the connection was lost during the export");
        has_begun = true;
        const auto known = static_cast<std::int64_t>(migrations().size());
        if (const std::int64_t schema = schema_of(t); schema != known) {
            throw Refusal(ProblemType::conflict, "the database's schema is " + std::to_string(schema) +
                                                     ", and this program's is " + std::to_string(known));
        }
        write_line(write,
                   "{\"expplat\":\"export/1\",\"schema\":" + std::to_string(migrations().size()) + "}\n");
        std::int64_t rows = 0;
        for (const Table& table : tables()) rows += export_table(t, table, write);
        write_line(write, "{\"end\":{\"rows\":" + std::to_string(rows) + "}}\n");
        return rows;
    });
}

domain::Outcome<std::int64_t> import_database(domain::Store& store,
                                              const std::function<std::optional<std::string>()>& next) {
    bool has_begun = false;
    return store.answer(domain::Access::ordered_write, [&](Transaction& t) {
        if (has_begun) throw Refusal(ProblemType::unavailable, "the connection was lost during the import");
        has_begun = true;
        Importer importer(t);
        std::optional<std::string> line = next();
        importer.begin(line.value_or(""));
        while ((line = next())) importer.take(*line);
        return importer.finish();
    });
}

}  // namespace expplat::server::store
