/* SPDX-License-Identifier: BSD-3-Clause */
#include "names/book.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <initializer_list>
#include <string>
#include <vector>

namespace braid {
namespace {

constexpr member_id id(unsigned number) { return static_cast<member_id>(number); }

std::string of(const name_book &book, unsigned number) { return std::string(book.of(id(number)).view()); }

// Members 1, 2, 3, ... with these names.
name_book book_of(std::initializer_list<const char *> names)
{
	name_book book;
	unsigned next = 1;
	for (const char *text : names) {
		EXPECT_TRUE(book.promise(id(next), text)) << text;
		book.fulfil(id(next++));
	}
	return book;
}

// What an operation says: 0, or the errno of its error.
template <typename T> int code(const result<T> &r) { return r ? 0 : r.error().code(); }

template <typename T> std::string text(const result<T> &r) { return r ? "success" : r.error().text(); }

using requests = std::vector<rename_request>;

TEST(NameBook, APromiseReservesTheNameAtOnce)
{
	name_book book;
	ASSERT_TRUE(book.promise(id(1), "a"));
	const auto second = book.promise(id(2), "a");
	EXPECT_EQ(code(second), EEXIST);
	EXPECT_EQ(text(second), "name \"a\" is promised to member 1");
	EXPECT_EQ(book.find("a"), id(1));
}

TEST(NameBook, ANameInUseIsNotPromised)
{
	name_book book = book_of({"a"});
	const auto second = book.promise(id(2), "a");
	EXPECT_EQ(code(second), EEXIST);
	EXPECT_EQ(text(second), "name \"a\" is in use by member 1");
	EXPECT_EQ(book.size(), 1u);
	EXPECT_TRUE(book.of(id(2)).empty());
}

TEST(NameBook, AForgottenNameIsFreeAndTheOthersStay)
{
	name_book book = book_of({"a", "b", "c"});
	book.forget(id(2));
	EXPECT_FALSE(book.find("b"));
	EXPECT_EQ(of(book, 1), "a");
	EXPECT_EQ(of(book, 3), "c");
	EXPECT_TRUE(book.promise(id(4), "b"));
}

TEST(NameBook, ABrokenPromiseLeavesNothingBehind)
{
	name_book book = book_of({"a"});
	ASSERT_TRUE(book.promise(id(2), "b"));
	book.forget(id(2));
	EXPECT_EQ(book.size(), 1u);
	EXPECT_TRUE(book.promise(id(2), "b"));
}

TEST(NameBook, FulfilAndForgetOfAStrangerChangeNothing)
{
	name_book book = book_of({"a"});
	book.fulfil(id(9));
	book.forget(id(9));
	book.forget(member_id::none);
	EXPECT_EQ(book.size(), 1u);
	EXPECT_EQ(of(book, 1), "a");
}

// libteam's half-created device: a name over the limit is refused before anything exists.
TEST(NameBook, AnInvalidNameIsRefusedBeforeAnythingIsMade)
{
	name_book book;
	const std::string too_long(64, 'n');
	for (const char *wanted : {"", too_long.c_str(), "a/b", ".."}) {
		EXPECT_EQ(code(book.promise(id(1), wanted)), EINVAL);
		EXPECT_EQ(book.size(), 0u);
		EXPECT_TRUE(book.of(id(1)).empty());
	}
	EXPECT_TRUE(book.promise(id(1), "a"));
}

TEST(NameBook, AMemberIsPromisedOneNameOnly)
{
	name_book book = book_of({"a"});
	EXPECT_EQ(code(book.promise(id(1), "b")), EEXIST);
	EXPECT_EQ(code(book.promise(id(1), "a")), EEXIST);
	EXPECT_EQ(of(book, 1), "a");
	EXPECT_FALSE(book.find("b"));
}

TEST(NameBook, NobodyIsPromisedNothing)
{
	name_book book;
	EXPECT_EQ(code(book.promise(member_id::none, "a")), EINVAL);
	EXPECT_EQ(book.size(), 0u);
}

TEST(NameBook, HoldsMaxMembersAndNotOneMore)
{
	name_book book;
	for (unsigned i = 1; i <= max_members; i++)
		ASSERT_TRUE(book.promise(id(i), "m%d"));
	EXPECT_EQ(code(book.promise(id(100), "other")), ENOSPC);
	EXPECT_EQ(book.size(), max_members);
	EXPECT_EQ(of(book, max_members), "m63");
	book.forget(id(10));
	EXPECT_EQ(book.promise(id(100), "m%d")->view(), "m9");
}

// A dot in a name crashed libteam's state view, which read it as a path.
TEST(NameBook, ADotInANameIsAByteLikeAnother)
{
	name_book book = book_of({"eth0", "eth0.100"});
	EXPECT_EQ(book.find("eth0"), id(1));
	EXPECT_EQ(book.find("eth0.100"), id(2));
	EXPECT_FALSE(book.find("eth0."));
}

// A hot-plug match by prefix takes net_tap10 for net_tap1.
TEST(NameBook, FindMatchesWholeNamesOnly)
{
	name_book book = book_of({"net_tap10"});
	EXPECT_FALSE(book.find("net_tap1"));
	EXPECT_FALSE(book.find("net_tap100"));
	EXPECT_FALSE(book.find("NET_TAP10"));
	EXPECT_FALSE(book.find(""));
	EXPECT_EQ(book.find("net_tap10"), id(1));
}

TEST(NameBookTemplate, TakesTheLowestFreeNumberFromZero)
{
	name_book book;
	EXPECT_EQ(book.promise(id(1), "eth%d")->view(), "eth0");
	EXPECT_EQ(book.promise(id(2), "eth%d")->view(), "eth1");
	EXPECT_EQ(book.promise(id(3), "eth3")->view(), "eth3");
	EXPECT_EQ(book.promise(id(4), "eth%d")->view(), "eth2");
	EXPECT_EQ(book.promise(id(5), "eth%d")->view(), "eth4");
	book.forget(id(2));
	EXPECT_EQ(book.promise(id(6), "eth%d")->view(), "eth1");
	EXPECT_EQ(book.promise(id(7), "%d")->view(), "0");
}

TEST(NameBookTemplate, ANumberIsUsedOnlyByItsExactText)
{
	name_book book = book_of({"eth00", "eth01", "eth+1", "eth1x", "xeth0", "ETH0"});
	EXPECT_EQ(book.promise(id(10), "eth%d")->view(), "eth0");
	EXPECT_EQ(book.promise(id(11), "eth%d")->view(), "eth1");
}

TEST(NameBookTemplate, NumbersOfAnotherTemplateDoNotCount)
{
	name_book book = book_of({"eth0", "eth1"});
	EXPECT_EQ(book.promise(id(3), "eth%d.5")->view(), "eth0.5");
	EXPECT_EQ(book.promise(id(4), "wan%d")->view(), "wan0");
}

TEST(NameBookTemplate, OfFullLengthFillsABond)
{
	name_book book;
	const std::string pattern = std::string(61, 'n') + "%d";
	for (unsigned i = 1; i <= max_members; i++)
		ASSERT_TRUE(book.promise(id(i), pattern));
	EXPECT_EQ(of(book, max_members), std::string(61, 'n') + "63");
}

TEST(NameBookRename, GivesTheNewNameAndFreesTheOld)
{
	name_book book = book_of({"a", "b"});
	const auto done = book.rename(id(1), "c");
	ASSERT_TRUE(done);
	EXPECT_EQ(done->id, id(1));
	EXPECT_EQ(done->before.view(), "a");
	EXPECT_EQ(done->after.view(), "c");
	EXPECT_TRUE(done->changed());
	EXPECT_EQ(book.find("c"), id(1));
	EXPECT_FALSE(book.find("a"));
	EXPECT_TRUE(book.rename(id(2), "a"));
}

// A Linux device's own alternative name blocks its rename: nothing of one's own may be in the way.
TEST(NameBookRename, ToOnesOwnNameSucceedsWithoutAChange)
{
	name_book book = book_of({"a", "b"});
	const auto done = book.rename(id(1), "a");
	ASSERT_TRUE(done);
	EXPECT_FALSE(done->changed());
	EXPECT_EQ(of(book, 1), "a");
}

TEST(NameBookRename, ThereAndBackAgain)
{
	name_book book = book_of({"a"});
	EXPECT_TRUE(book.rename(id(1), "b"));
	EXPECT_TRUE(book.rename(id(1), "a"));
	EXPECT_EQ(of(book, 1), "a");
}

TEST(NameBookRename, ToANameInUseOrPromisedIsRefused)
{
	name_book book = book_of({"a", "b"});
	ASSERT_TRUE(book.promise(id(3), "c"));
	EXPECT_EQ(text(book.rename(id(1), "b")), "name \"b\" is in use by member 2");
	EXPECT_EQ(text(book.rename(id(1), "c")), "name \"c\" is promised to member 3");
	EXPECT_EQ(code(book.rename(id(1), "b")), EEXIST);
	EXPECT_EQ(code(book.rename(id(1), "c")), EEXIST);
	EXPECT_EQ(of(book, 1), "a");
}

TEST(NameBookRename, OfAMemberBeingAddedMovesItsPromise)
{
	name_book book = book_of({"a"});
	ASSERT_TRUE(book.promise(id(2), "b"));
	ASSERT_TRUE(book.rename(id(2), "c"));
	EXPECT_TRUE(book.promise(id(3), "b"));
	EXPECT_EQ(text(book.promise(id(4), "c")), "name \"c\" is promised to member 2");
	book.fulfil(id(2));
	EXPECT_EQ(book.index().find("c"), id(2));
}

TEST(NameBookRename, OfAStrangerIsRefused)
{
	name_book book = book_of({"a"});
	EXPECT_EQ(code(book.rename(id(7), "b")), ENOENT);
	EXPECT_EQ(code(book.rename(member_id::none, "b")), ENOENT);
	EXPECT_EQ(text(book.rename(id(7), "b")), "member 7 is not in this bond");
	EXPECT_FALSE(book.find("b"));
}

TEST(NameBookRename, ToAnInvalidNameIsRefused)
{
	name_book book = book_of({"a"});
	for (const char *wanted : {"", ".", "..", "a b", "x%s", "x%d%d"})
		EXPECT_EQ(code(book.rename(id(1), wanted)), EINVAL) << wanted;
	EXPECT_EQ(of(book, 1), "a");
}

// dev_alloc_name() of Linux marks the numbers of all devices, the renamed one's own included.
TEST(NameBookRename, ATemplateCountsTheMembersOwnNumberAsUsed)
{
	name_book book = book_of({"eth0", "x"});
	EXPECT_EQ(book.rename(id(1), "eth%d")->after.view(), "eth1");
	EXPECT_EQ(book.rename(id(1), "eth%d")->after.view(), "eth0");
	EXPECT_EQ(book.rename(id(2), "eth%d")->after.view(), "eth1");
}

// Linux needs a third name for this.
TEST(NameBookRenameMany, TwoMembersSwapInOneCall)
{
	name_book book = book_of({"a", "b"});
	const auto done = book.rename_many(requests{{id(1), "b"}, {id(2), "a"}});
	ASSERT_TRUE(done);
	EXPECT_EQ(of(book, 1), "b");
	EXPECT_EQ(of(book, 2), "a");
	ASSERT_EQ(done->outcomes().size(), 2u);
	EXPECT_EQ(done->outcomes()[1].id, id(2));
	EXPECT_EQ(done->outcomes()[1].before.view(), "b");
	EXPECT_EQ(done->outcomes()[1].after.view(), "a");
	EXPECT_TRUE(done->changed());
}

TEST(NameBookRenameMany, AFullBondRotates)
{
	name_book book;
	std::vector<std::string> names;
	for (unsigned i = 0; i < max_members; i++) {
		names.push_back('m' + std::to_string(i));
		ASSERT_TRUE(book.promise(id(i + 1), names[i]));
	}
	requests wanted;
	for (unsigned i = 0; i < max_members; i++)
		wanted.push_back({id(i + 1), names[(i + 1) % max_members]});
	ASSERT_TRUE(book.rename_many(wanted));
	for (unsigned i = 0; i < max_members; i++)
		EXPECT_EQ(of(book, i + 1), names[(i + 1) % max_members]);
}

TEST(NameBookRenameMany, AMemberBeingAddedSwapsToo)
{
	name_book book = book_of({"a"});
	ASSERT_TRUE(book.promise(id(2), "b"));
	ASSERT_TRUE(book.rename_many(requests{{id(1), "b"}, {id(2), "a"}}));
	EXPECT_EQ(of(book, 1), "b");
	EXPECT_EQ(text(book.promise(id(3), "a")), "name \"a\" is promised to member 2");
}

TEST(NameBookRenameMany, ANameGivenUpInTheSameCallCanBeTakenInAnyOrder)
{
	name_book book = book_of({"a", "b"});
	ASSERT_TRUE(book.rename_many(requests{{id(1), "b"}, {id(2), "c"}}));
	EXPECT_EQ(of(book, 1), "b");
	ASSERT_TRUE(book.rename_many(requests{{id(2), "d"}, {id(1), "c"}}));
	EXPECT_EQ(of(book, 1), "c");
	EXPECT_EQ(of(book, 2), "d");
}

TEST(NameBookRenameMany, OneBadRequestAtAnyPlaceSpoilsAll)
{
	const struct {
		rename_request bad;
		int expected;
	} cases[] = {
		{{id(4), "d"}, EEXIST},  {{id(4), "x1"}, EEXIST}, {{id(4), "a/b"}, EINVAL},
		{{id(4), ""}, EINVAL},   {{id(9), "y"}, ENOENT},  {{id(1), "y"}, EINVAL},
	};
	for (const auto &[bad, expected] : cases)
		for (std::size_t place = 0; place <= 3; place++) {
			name_book book = book_of({"a", "b", "c", "e", "d"});
			requests wanted{{id(1), "x1"}, {id(2), "a"}, {id(3), "b"}};
			wanted.insert(wanted.begin() + place, bad);
			EXPECT_EQ(code(book.rename_many(wanted)), expected) << bad.wanted << " at " << place;
			for (unsigned i = 1; i <= 5; i++)
				EXPECT_EQ(of(book, i), std::string(1, "abced"[i - 1]));
		}
}

TEST(NameBookRenameMany, TwoMembersCannotGetOneName)
{
	name_book book = book_of({"a", "b"});
	const auto refused = book.rename_many(requests{{id(1), "c"}, {id(2), "c"}});
	EXPECT_EQ(code(refused), EEXIST);
	EXPECT_EQ(text(refused), "name \"c\" is wanted for member 1 and for member 2");
	EXPECT_EQ(code(book.rename_many(requests{{id(1), "a"}, {id(2), "a"}})), EEXIST);
	EXPECT_EQ(of(book, 1), "a");
	EXPECT_EQ(of(book, 2), "b");
}

TEST(NameBookRenameMany, AMemberCannotBeNamedTwiceEvenTheSame)
{
	name_book book = book_of({"a"});
	const auto refused = book.rename_many(requests{{id(1), "b"}, {id(1), "b"}});
	EXPECT_EQ(code(refused), EINVAL);
	EXPECT_EQ(text(refused), "member 1 is to be renamed twice at once");
	EXPECT_EQ(of(book, 1), "a");
}

TEST(NameBookRenameMany, MoreRequestsThanMembersAreRefusedWithoutOverflow)
{
	name_book book = book_of({"a"});
	EXPECT_EQ(code(book.rename_many(requests(1000, {id(1), "b"}))), EINVAL);
	EXPECT_EQ(of(book, 1), "a");
}

TEST(NameBookRenameMany, NoRequestsAreASuccessWithoutAChange)
{
	name_book book = book_of({"a"});
	const auto done = book.rename_many({});
	ASSERT_TRUE(done);
	EXPECT_TRUE(done->outcomes().empty());
	EXPECT_FALSE(done->changed());
}

TEST(NameBookRenameMany, OwnNamesAmongOthersAreReportedAsUnchanged)
{
	name_book book = book_of({"a", "b"});
	const auto done = book.rename_many(requests{{id(1), "a"}, {id(2), "c"}});
	ASSERT_TRUE(done);
	EXPECT_FALSE(done->outcomes()[0].changed());
	EXPECT_TRUE(done->outcomes()[1].changed());
	EXPECT_FALSE(book.rename_many(requests{{id(1), "a"}, {id(2), "c"}})->changed());
}

TEST(NameBookRenameMany, TemplatesAreFilledInOrderAroundTheOtherWishes)
{
	name_book book = book_of({"a", "b", "c"});
	ASSERT_TRUE(book.rename_many(requests{{id(1), "eth%d"}, {id(2), "eth0"}, {id(3), "eth%d"}}));
	EXPECT_EQ(of(book, 1), "eth1");
	EXPECT_EQ(of(book, 2), "eth0");
	EXPECT_EQ(of(book, 3), "eth2");
}

TEST(NameBookRenameMany, ATemplateDoesNotTakeANumberThatIsBeingGivenUp)
{
	name_book book = book_of({"eth0", "x"});
	ASSERT_TRUE(book.rename_many(requests{{id(1), "lan"}, {id(2), "eth%d"}}));
	EXPECT_EQ(of(book, 2), "eth1");
}

TEST(NameBookRenameMany, ATemplateThatRunsOutOfRoomChangesNothing)
{
	name_book book;
	const std::string pattern = "%d" + std::string(61, 'n');
	requests wanted;
	for (unsigned i = 1; i <= max_members; i++) {
		ASSERT_TRUE(book.promise(id(i), pattern));
		wanted.push_back({id(i), pattern});
	}
	// Numbers 0 to 63 are names at present; 64 to 99 are free, and 100 takes one byte too many.
	EXPECT_EQ(code(book.rename_many(wanted)), EINVAL);
	EXPECT_EQ(of(book, 1), "0" + std::string(61, 'n'));
	EXPECT_TRUE(book.rename_many(std::span(wanted).first(36)));
	EXPECT_EQ(of(book, 36), "99" + std::string(61, 'n'));
}

TEST(RenamePlan, ADroppedPlanLeavesNoTrace)
{
	name_book book = book_of({"a", "b"});
	ASSERT_TRUE(book.plan_rename(requests{{id(1), "b"}, {id(2), "c"}}));
	EXPECT_EQ(of(book, 1), "a");
	EXPECT_EQ(of(book, 2), "b");
	EXPECT_FALSE(book.find("c"));
	EXPECT_TRUE(book.promise(id(3), "c"));
}

TEST(RenamePlan, TellsWhatCommitWillDo)
{
	name_book book = book_of({"a"});
	const auto plan = book.plan_rename(requests{{id(1), "eth%d"}});
	ASSERT_TRUE(plan);
	EXPECT_EQ(plan->outcomes()[0].before.view(), "a");
	EXPECT_EQ(plan->outcomes()[0].after.view(), "eth0");
	EXPECT_TRUE(book.commit(*plan));
	EXPECT_EQ(of(book, 1), "eth0");
}

TEST(RenamePlan, OwnsItsNames)
{
	name_book book = book_of({"a"});
	std::string wanted = "b";
	const auto plan = book.plan_rename(requests{{id(1), wanted}});
	ASSERT_TRUE(plan);
	wanted = "z";
	EXPECT_TRUE(book.commit(*plan));
	EXPECT_EQ(of(book, 1), "b");
}

TEST(RenamePlan, IsNotHinderedByChangesBesideIt)
{
	name_book book = book_of({"a", "b"});
	const auto plan = book.plan_rename(requests{{id(1), "c"}});
	ASSERT_TRUE(book.rename(id(2), "d"));
	ASSERT_TRUE(book.promise(id(3), "e"));
	EXPECT_TRUE(book.commit(*plan));
	EXPECT_EQ(of(book, 1), "c");
}

TEST(RenamePlan, IsRefusedWholeWhenANameWasTakenMeanwhile)
{
	name_book book = book_of({"a", "b"});
	const auto plan = book.plan_rename(requests{{id(1), "c"}, {id(2), "d"}});
	ASSERT_TRUE(book.promise(id(3), "d"));
	const auto refused = book.commit(*plan);
	EXPECT_EQ(code(refused), EEXIST);
	EXPECT_EQ(text(refused), "name \"d\" is promised to member 3");
	EXPECT_EQ(of(book, 1), "a");
	EXPECT_EQ(of(book, 2), "b");
}

TEST(RenamePlan, IsRefusedWholeWhenAMemberWasRenamedMeanwhile)
{
	name_book book = book_of({"a", "b"});
	const auto plan = book.plan_rename(requests{{id(1), "c"}, {id(2), "d"}});
	ASSERT_TRUE(book.rename(id(2), "e"));
	const auto refused = book.commit(*plan);
	EXPECT_EQ(code(refused), EAGAIN);
	EXPECT_EQ(text(refused), "member 2 was renamed meanwhile to \"e\"");
	EXPECT_EQ(of(book, 1), "a");
}

TEST(RenamePlan, IsRefusedWholeWhenAMemberLeftMeanwhile)
{
	name_book book = book_of({"a", "b"});
	const auto plan = book.plan_rename(requests{{id(1), "c"}, {id(2), "d"}});
	book.forget(id(2));
	EXPECT_EQ(code(book.commit(*plan)), ENOENT);
	EXPECT_EQ(of(book, 1), "a");
}

TEST(NameIndex, ShowsMembersThatAreThereAndNoPromises)
{
	name_book book = book_of({"a", "b"});
	ASSERT_TRUE(book.promise(id(3), "c"));
	const name_index index = book.index();
	ASSERT_EQ(index.all().size(), 2u);
	EXPECT_EQ(index.find("b"), id(2));
	EXPECT_FALSE(index.find("c"));
	EXPECT_EQ(index.find(id(3)), nullptr);
	ASSERT_NE(index.find(id(1)), nullptr);
	EXPECT_EQ(index.find(id(1))->view(), "a");
	book.fulfil(id(3));
	EXPECT_EQ(book.index().find("c"), id(3));
}

TEST(NameIndex, StaysAsItWasWhenTheBookChanges)
{
	name_book book = book_of({"a", "b"});
	const name_index before = book.index();
	ASSERT_TRUE(book.rename_many(requests{{id(1), "b"}, {id(2), "a"}}));
	book.forget(id(2));
	EXPECT_EQ(before.find("a"), id(1));
	EXPECT_EQ(before.find("b"), id(2));
	EXPECT_EQ(book.index().find("b"), id(1));
	EXPECT_FALSE(book.index().find("a"));
}

TEST(NameIndex, OfAnEmptyBookFindsNothing)
{
	const name_index index = name_book().index();
	EXPECT_TRUE(index.all().empty());
	EXPECT_FALSE(index.find(""));
	EXPECT_FALSE(index.find("a"));
	EXPECT_EQ(index.find(member_id::none), nullptr);
}

TEST(NameIndex, KeepsTheOrderInWhichMembersCame)
{
	name_book book = book_of({"z", "y", "x"});
	book.forget(id(2));
	ASSERT_TRUE(book.promise(id(4), "a"));
	book.fulfil(id(4));
	const name_index index = book.index();
	std::string order;
	for (const member_name &member : index.all())
		order += member.text.view();
	EXPECT_EQ(order, "zxa");
}

} // namespace
} // namespace braid
