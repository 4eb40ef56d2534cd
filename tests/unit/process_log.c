/* The log on disk: numbers, limits, readers at their own pace, damage. */
#include "tap.h"

#include "base/clock.h"
#include "process/log.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/sa-log.XXXXXX";

static int fresh_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/sa-log.XXXXXX");
	if (!mkdtemp(folder))
		abort();
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void remove_folder(int dir)
{
	log_remove(dir);
	close(dir);
	rmdir(folder);
}

static void put(struct log_writer *w, enum log_stream stream, const char *text, size_t n)
{
	memcpy(log_writer_room(w), text, n);
	log_writer_put(w, stream, n, clock_now_ms());
}

static void put_text(struct log_writer *w, enum log_stream stream, const char *text)
{
	put(w, stream, text, strlen(text));
	log_writer_flush(w);
}

static uint64_t disk_bytes(int dir, size_t *ret_files)
{
	uint64_t total = 0;
	DIR *d = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY));
	*ret_files = 0;
	for (struct dirent *entry; (entry = readdir(d));) {
		struct stat st;
		if (log_segment_index(entry->d_name) && fstatat(dir, entry->d_name, &st, 0) == 0) {
			total += (uint64_t)st.st_size;
			++*ret_files;
		}
	}
	closedir(d);
	return total;
}

static void test_entries(void)
{
	struct sa_error err = SA_ERROR_INIT;
	struct log_writer w;
	struct log_reader r, late;
	struct log_entry e;
	int dir = fresh_folder();
	is_int(log_writer_init(&w, dir, 1000000, &err), 0, "a log begins");
	log_reader_init(&r, dir, 0);
	is_int(log_reader_next(&r, &e, &err), 0, "and is empty");
	put_text(&w, LOG_STDOUT, "one");
	put_text(&w, LOG_STDERR, "two");
	is_int(log_reader_next(&r, &e, &err), 1, "an entry comes");
	is_int((int64_t)e.sequence, 1, "numbered from 1");
	is_int((int64_t)e.offset, 0, "at offset 0");
	is_int(e.stream, LOG_STDOUT, "of its stream");
	ok(span_is(e.data, "one"), "with its data");
	ok(e.time_ms > 1500000000000 && e.time_ms <= clock_now_ms(), "and its time");
	is_int(log_reader_next(&r, &e, &err), 1, "then the next");
	is_int((int64_t)e.offset, 3, "behind it");
	is_int(log_reader_next(&r, &e, &err), 0, "then no more for now");
	put_text(&w, LOG_PTY, "three");
	is_int(log_reader_next(&r, &e, &err), 1, "until there is more");
	log_reader_init(&late, dir, 2);
	is_int(log_reader_next(&late, &e, &err), 1, "a reader may begin later");
	is_int((int64_t)e.sequence, 3, "after the number that it has seen");
	log_reader_free(&late);
	log_reader_init(&late, dir, 77);
	is_int(log_reader_next(&late, &e, &err), 0, "or before its number has come");
	log_reader_free(&late);
	struct log_end end;
	is_int(log_find_end(dir, &end, &err), 0, "the end is found");
	ok(end.next_sequence == 4 && end.offset == 11, "and is right");
	log_reader_free(&r);
	log_writer_free(&w);
	remove_folder(dir);
}

/* Write total bytes in chunks of the given sizes, and read along. */
static void test_limit(uint64_t limit, size_t total, size_t chunk)
{
	static char data[LOG_CHUNK_BYTES];
	struct sa_error err = SA_ERROR_INIT;
	struct log_writer w;
	struct log_reader r;
	struct log_entry e;
	int dir = fresh_folder();
	uint64_t expected = 1, read_bytes = 0, wrong = 0, most = 0;
	size_t files = 0, done = 0;
	log_writer_init(&w, dir, limit, &err);
	log_reader_init(&r, dir, 0);
	if (chunk > log_writer_chunk(&w))
		chunk = log_writer_chunk(&w);
	for (; done < total; done += chunk) {
		put(&w, LOG_STDOUT, data, chunk);
		if (w.batch.len > 60000)
			log_writer_flush(&w);
		while (log_reader_next(&r, &e, &err) == 1) {
			wrong += e.sequence != expected++ || e.offset != read_bytes;
			read_bytes += e.data.n;
		}
		uint64_t now = done % (64 * chunk) ? 0 : disk_bytes(dir, &files);
		most = now > most ? now : most;
	}
	log_writer_flush(&w);
	while (log_reader_next(&r, &e, &err) == 1) {
		wrong += e.sequence != expected++ || e.offset != read_bytes;
		read_bytes += e.data.n;
	}
	is_int((int64_t)wrong, 0, "a reader that keeps up sees each entry");
	is_int((int64_t)read_bytes, (int64_t)done, "and all bytes");
	is_int((int64_t)r.lost_bytes, 0, "nothing is lost");
	uint64_t bound =
	    (limit < LOG_KEPT_LEAST ? LOG_KEPT_LEAST : limit) * 2 + 3 * w.segment_bytes;
	ok(most <= bound, "the disk holds %llu bytes at most, of a limit of %llu",
	   (unsigned long long)most, (unsigned long long)limit);
	/* What is kept is the newest, and as much as the limit allows. */
	struct log_reader late;
	uint64_t kept = 0;
	log_reader_init(&late, dir, 0);
	while (log_reader_next(&late, &e, &err) == 1)
		kept += log_is_kept(limit, &w.end, e.sequence, e.offset) ? e.data.n : 0;
	uint64_t entries = limit / 16 + 1024;
	uint64_t least = limit < done ? limit : done;
	least = least > chunk ? least - chunk : 0;
	least = least > entries * chunk ? entries * chunk : least;
	ok(kept <= limit && kept >= least, "%llu bytes are kept", (unsigned long long)kept);
	is_int((int64_t)late.next.next_sequence, (int64_t)w.end.next_sequence, "up to the newest");
	log_reader_free(&late);
	log_reader_free(&r);
	log_writer_free(&w);
	remove_folder(dir);
}

static void test_late_reader(void)
{
	static char data[LOG_CHUNK_BYTES];
	struct sa_error err = SA_ERROR_INIT;
	struct log_writer w;
	struct log_reader r;
	struct log_entry e;
	uint64_t read_bytes = 0;
	int dir = fresh_folder();
	log_writer_init(&w, dir, LOG_KEPT_LEAST, &err);
	put_text(&w, LOG_STDOUT, "begin");
	log_reader_init(&r, dir, 0);
	log_reader_next(&r, &e, &err);
	for (int i = 0; i < 1000; i++) {
		put(&w, LOG_STDOUT, data, sizeof(data));
		log_writer_flush(&w);
	}
	log_reader_refresh(&r);
	while (log_reader_next(&r, &e, &err) == 1)
		read_bytes += e.data.n;
	ok(r.lost_bytes > 0 && r.lost_entries > 0, "a reader that is too late knows");
	is_int((int64_t)(read_bytes + r.lost_bytes), 1000 * (int64_t)sizeof(data),
	       "how much it missed, to the byte");
	is_int((int64_t)e.sequence, 1001, "and comes to the newest");
	log_reader_free(&r);
	log_writer_free(&w);
	remove_folder(dir);
}

static void test_damage(void)
{
	struct sa_error err = SA_ERROR_INIT;
	struct log_writer w;
	struct log_reader r;
	struct log_entry e;
	char name[LOG_NAME_BYTES];
	int dir = fresh_folder();
	log_writer_init(&w, dir, 1000, &err);
	put_text(&w, LOG_STDOUT, "whole");
	log_segment_name(1, name);
	int fd = openat(dir, name, O_WRONLY | O_APPEND);
	/* What a killed writer may leave: an entry without its end. */
	ok(write(fd, "\5\0\1\245\0\0\0\0ha", 10) == 10, "an entry is torn");
	log_reader_init(&r, dir, 0);
	is_int(log_reader_next(&r, &e, &err), 1, "what is whole is read");
	is_int(log_reader_next(&r, &e, &err), 0, "what is torn is not there");
	ok(write(fd, "lf!", 3) == 3, "until its end comes");
	is_int(log_reader_next(&r, &e, &err), 1, "then it is");
	ok(span_is(e.data, "half!"), "as a whole");
	ok(write(fd, "nonsense nonsense", 17) == 17, "nonsense");
	is_int(log_reader_next(&r, &e, &err), 0, "is skipped");
	close(fd);
	log_reader_free(&r);
	log_writer_free(&w);
	log_segment_name(2, name);
	fd = openat(dir, name, O_WRONLY | O_CREAT, 0600);
	ok(fd >= 0 && write(fd, "no head", 7) == 7, "a segment without a head");
	close(fd);
	log_reader_init(&r, dir, 0);
	int count = 0;
	while (log_reader_next(&r, &e, &err) == 1)
		count++;
	is_int(count, 2, "is skipped too");
	log_reader_free(&r);
	remove_folder(dir);
}

/* A disk that is full for a while: here a limit on the size of files. */
static void test_full_disk(void)
{
	static char data[LOG_CHUNK_BYTES];
	struct sa_error err = SA_ERROR_INIT;
	struct log_writer w;
	struct log_reader r;
	struct log_entry e;
	struct rlimit old, tight = {.rlim_cur = 20000, .rlim_max = RLIM_INFINITY};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	int dir = fresh_folder();
	log_writer_init(&w, dir, 1000000, &err);
	getrlimit(RLIMIT_FSIZE, &old);
	tight.rlim_max = old.rlim_max;
	sigaction(SIGXFSZ, &ignore, NULL);
	setrlimit(RLIMIT_FSIZE, &tight);
	int rc = 0;
	for (int i = 0; i < 4; i++) {
		put(&w, LOG_STDOUT, data, sizeof(data));
		rc = log_writer_flush(&w);
	}
	is_int(rc, -1, "a write that fails is told");
	setrlimit(RLIMIT_FSIZE, &old);
	is_int(log_writer_flush(&w), 0, "and made up for later");
	log_reader_init(&r, dir, 0);
	uint64_t bytes = 0;
	while (log_reader_next(&r, &e, &err) == 1)
		bytes += e.data.n;
	is_int((int64_t)bytes, 4 * (int64_t)sizeof(data), "without a loss");
	log_reader_free(&r);
	log_writer_free(&w);
	remove_folder(dir);
}

static void test_names(void)
{
	static const char *const bad[] = {
	    "log.1",	      "log.00000000001", "log.000000000x", "log.4294967296",
	    "log.0000000000", "LOG.0000000001",	 "log.-000000001", ""};
	char name[LOG_NAME_BYTES];
	log_segment_name(4294967295u, name);
	is_int(log_segment_index(name), 4294967295, "a name is a number");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_int(log_segment_index(bad[i]), 0, bad[i]);
}

int main(void)
{
	test_entries();
	test_limit(1000000, 5000000, 8192);
	test_limit(1000000, 400000, 1);
	test_limit(300000, 3000000, 100);
	test_limit(10, 2000, 1);
	test_limit(1, 500, 1);
	test_limit((uint64_t)100 << 20, 1000000, 8192);
	test_late_reader();
	test_damage();
	test_full_disk();
	test_names();
	done_testing();
}
