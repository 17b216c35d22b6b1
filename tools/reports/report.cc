// Job: see report.h.
#include "report.h"

#include <thread>

namespace reports {
namespace {

constexpr std::size_t kTextBytes = 232;

struct Row {
  memgc::Member<Row> next;
  memgc::Member<memgc::Array<std::uint8_t>> text;
  std::uint64_t number = 0;
  static constexpr auto fields = memgc::fields(&Row::next, &Row::text);
};

Row* make_row(memgc::Mutator& me, Patience patience) {
  if (!patience.wait) return me.make<Row>();
  Row* row = me.make_within<Row>(*patience.wait);
  if (row == nullptr) throw NoRoom();
  return row;
}

memgc::Array<std::uint8_t>* make_text(memgc::Mutator& me, Patience patience) {
  if (!patience.wait) return me.make_array<std::uint8_t>(kTextBytes);
  auto* text = me.make_array_within<std::uint8_t>(*patience.wait, kTextBytes);
  if (text == nullptr) throw NoRoom();
  return text;
}

}  // namespace

std::uint64_t report(memgc::Mutator& me, std::size_t rows, std::chrono::milliseconds hold, Patience patience) {
  memgc::Root<Row> table;
  for (std::size_t i = 0; i < rows; ++i) {
    const memgc::Root<Row> row(make_row(me, patience));
    row->number = i;
    row->text = make_text(me, patience);
    (*row->text)[i % kTextBytes] = 1;
    row->next = table;
    table = row;
  }
  {
    const memgc::BlockingScope rendering(me);  // or waiting for a database, or for a slow client
    std::this_thread::sleep_for(hold);
  }
  std::uint64_t sum = 0;
  for (const Row* row = table; row != nullptr; row = row->next) {
    me.safepoint();
    sum += row->number;
    for (const std::uint8_t byte : *row->text) sum += byte;
  }
  return sum;
}

std::uint64_t expected_sum(std::size_t rows) { return rows == 0 ? 0 : rows * (rows - 1) / 2 + rows; }

}  // namespace reports
