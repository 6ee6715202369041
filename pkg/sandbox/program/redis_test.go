package program_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
)

func TestRedis(t *testing.T) {
	main, web, _ := served(t, "redis:8", "Ready to accept connections tcp")
	main.until("Redis version=8.2.2")
	for _, c := range []struct{ command, out string }{
		{"ping", "PONG"}, {"ping hi", "hi"}, {"set a 1", "OK"}, {"get a", "1"}, {"get none", ""}, {"incr a", "2"}, {"incrby a 10", "12"}, {"decr a", "11"}, {"incrbyfloat a 0.5", "11.5"},
		{"set t x EX 100 NX", "OK"}, {"ttl t | sed 's/^9.$/100/'", "100"}, {"set t y NX", ""}, {"set t y XX GET", "x"}, {"ttl t", "-1"}, {"ttl none", "-2"}, {"expire t 50", "1"}, {"persist t", "1"}, {"setex s 3600 v", "OK"}, {"pttl none", "-2"},
		{"mset m1 1 m2 2", "OK"}, {"mget m1 none m2", "1\n\n2"}, {"append m1 23", "3"}, {"strlen m1", "3"}, {"getrange m1 0 -2", "12"}, {"getdel m1", "123"}, {"exists m1 m2", "1"},
		{"keys *", "a\nm2\ns\nt"}, {"keys [ms]*", "m2\ns"}, {"scan 0 MATCH m*", "0\nm2"}, {"dbsize", "4"}, {"type a", "string"}, {"rename m2 m3", "OK"}, {"del m3 none", "1"}, {"randomkey x", "ERR wrong number of arguments for 'randomkey' command"},
		{"rpush l a b c", "3"}, {"lpush l z", "4"}, {"lrange l 0 -1", "z\na\nb\nc"}, {"lpop l", "z"}, {"rpop l 2", "c\nb"}, {"llen l", "1"}, {"lindex l 0", "a"}, {"lset l 0 q", "OK"}, {"lrem l 0 q", "1"}, {"exists l", "0"}, {"lpop l", ""},
		{"rpush q 1 2", "2"}, {"rpoplpush q done", "2"}, {"blpop q 1", "q\n1"}, {"blpop q 0.1", ""}, {"ltrim done 1 0", "OK"},
		{"hset h f 1 g 2", "2"}, {"hget h f", "1"}, {"hincrby h f 4", "5"}, {"hgetall h", "f\n5\ng\n2"}, {"hkeys h", "f\ng"}, {"hlen h", "2"}, {"hdel h f g", "2"}, {"hexists h f", "0"},
		{"sadd x b a b", "2"}, {"smembers x", "a\nb"}, {"sismember x a", "1"}, {"scard x", "2"}, {"sadd y b c", "2"}, {"sinter x y", "b"}, {"sunion x y", "a\nb\nc"}, {"sdiff x y", "a"}, {"srem x a b", "2"}, {"spop x", ""},
		{"zadd z 2 two 1 one", "2"}, {"zrange z 0 -1 WITHSCORES", "one\n1\ntwo\n2"}, {"zincrby z 5 one", "6"}, {"zrevrange z 0 0", "one"}, {"zscore z two", "2"}, {"zrank z one", "1"}, {"zrem z one two", "2"},
		{"lpush a x", "WRONGTYPE Operation against a key holding the wrong kind of value"}, {"incr s", "ERR value is not an integer or out of range"}, {"nope 1", "ERR unknown command 'nope', with args beginning with: "},
		{"eval x 0", "ERR the sandbox's Redis has no Lua"}, {"set a", "ERR wrong number of arguments for 'set' command"},
		{"-n 1 set other 1", "OK"}, {"-n 1 keys *", "other"}, {"-n 99 ping", "PONG"}, {"select 99", "ERR DB index is out of range"},
		{"config get maxmemory*", "maxmemory\n0\nmaxmemory-policy\nnoeviction"}, {"config set maxmemory 2mb", "OK"}, {"config get maxmemory", "maxmemory\n2097152"}, {"config set port 1", "ERR CONFIG SET failed (possibly related to argument 'port') - can't set immutable config"},
		{"role", "master\n0\n"}, {"-r 2 echo hi", "hi\nhi"}, {"--no-raw ttl none", "(integer) -2"}, {"--no-raw get none", "(nil)"}, {"--no-raw get s", "\"v\""}, {"--no-raw keys none", "(empty array)"}, {"--no-raw mget s none", "1) \"v\"\n2) (nil)"}, {"--no-raw nope", "(error) ERR unknown command 'nope', with args beginning with: "},
		{"publish c x", "0"}, {"flushall", "OK"}, {"dbsize", "0"},
	} {
		if out, errs, _ := web.sh("redis-cli " + strings.ReplaceAll(c.command, "*", `\*`)); out != c.out+"\n" {
			t.Errorf("redis-cli %s: %q %s, want %q", c.command, out, errs, c.out)
		}
	}
	out, _, code := web.sh("redis-cli info | tr -d '\\r' | grep -E '^(redis_version|role|tcp_port)'; redis-cli info keyspace; printf 'set k \"two words\"\\nget k\\nmulti\\nincr n\\nincr n\\nexec\\n' | redis-cli; redis-cli -x set in < /etc/shells; redis-cli -p 1 ping; echo $?")
	if !strings.HasPrefix(out, "redis_version:8.2.2\ntcp_port:6379\nrole:master\n") || !strings.Contains(out, "OK\ntwo words\nOK\nQUEUED\nQUEUED\n1\n2\nOK\n1\n") || code != 0 {
		t.Errorf("%q %d", out, code)
	}
	// A list that is filled later is what a worker waits for.
	waiting := web.exec("", "redis-cli", "blpop", "jobs", "20")
	web.sh("until redis-cli client list | grep -c id= | grep -q 2; do :; done; redis-cli rpush jobs one")
	if waiting.wait() != 0 || waiting.out.String() != "jobs\none\n" {
		t.Errorf("blpop: %q %s", waiting.out, waiting.err)
	}
	heard := web.exec("", "redis-cli", "subscribe", "news")
	heard.until("subscribe\nnews\n1\n")
	web.sh("redis-cli publish news hello")
	heard.until("message\nnews\nhello\n")
	tty := web.terminal("redis-cli")
	tty.until("127.0.0.1:6379> ")
	tty.keys("set greeting \"hi there\"\rget greeting\rttl greeting\rexit\r")
	tty.until("\"hi there\"\r\n")
	tty.until("(integer) -1\r\n")
	main.signal(term)
	if code := main.wait(); code != 0 || !strings.Contains(main.out.String(), "Received SIGTERM scheduling shutdown...") || !strings.Contains(main.out.String(), "Redis is now ready to exit, bye bye...") {
		t.Errorf("ended with %d: %s", code, main.out)
	}
}

// The tutorial that configures Redis by a ConfigMap.
func TestRedisConfig(t *testing.T) {
	web := newPod(t, "redis:8.0-alpine")
	vol := t.TempDir()
	must(t, os.WriteFile(filepath.Join(vol, "redis.conf"), []byte("# from a ConfigMap\nmaxmemory 2mb\nmaxmemory-policy allkeys-lru\nrequirepass \"secret\"\nhz 10\n"), 0o644))
	must(t, os.WriteFile(filepath.Join(vol, "bad.conf"), []byte("maxmemry 2mb\n"), 0o644))
	web.spec.Mounts = []container.Mount{{Path: "/redis-master", Source: vol, ReadOnly: true}}
	main := web.main("redis-server", "/redis-master/redis.conf")
	main.until("Ready to accept connections tcp")
	for script, want := range map[string]string{
		"redis-cli config get maxmemory":                             "NOAUTH Authentication required.\n",
		"redis-cli -a secret config get maxmemory":                   "maxmemory\n2097152\n",
		"REDISCLI_AUTH=secret redis-cli config get maxmemory-policy": "maxmemory-policy\nallkeys-lru\n",
		"redis-cli -a wrong ping":                                    "NOAUTH Authentication required.\n",
	} {
		if out, errs, _ := web.sh(script); out != want {
			t.Errorf("%s: %q %s", script, out, errs)
		}
	}
	r := web.exec("", "docker-entrypoint.sh", "/redis-master/bad.conf")
	if code := r.wait(); code != 1 || !strings.Contains(r.err.String(), ">>> 'maxmemry 2mb'\nBad directive or wrong number of arguments") {
		t.Errorf("a wrong configuration: %d %s", code, r.err)
	}
	r = web.exec("", "docker-entrypoint.sh", "--port", "6379")
	if code := r.wait(); code != 1 || !strings.Contains(r.out.String(), "Address already in use") {
		t.Errorf("a port that is taken: %d %s", code, r.out)
	}
}

// What is saved outlives the process: after a proper end by the dump, after a kill by the append-only file.
func TestRedisKeepsData(t *testing.T) {
	const fill = "redis-cli set a 1; redis-cli rpush l x y; redis-cli hset h f v; redis-cli zadd z 1.5 m; redis-cli -n 3 sadd s q; redis-cli set e 1 EX 900"
	const look = "redis-cli get a; redis-cli lrange l 0 -1; redis-cli hgetall h; redis-cli zrange z 0 -1 WITHSCORES; redis-cli -n 3 smembers s; redis-cli ttl e"
	const want = "1\nx\ny\nf\nv\nm\n1.5\nq\n"
	for name, args := range map[string][]string{"dump": {"redis-server"}, "append": {"redis-server", "--appendonly", "yes"}, "neither": {"redis-server", "--save", ""}} {
		p := newPod(t, "redis:7")
		vol := t.TempDir()
		p.spec.Mounts = []container.Mount{{Path: "/data", Source: vol}}
		first := p.main(args...)
		first.until("Ready to accept")
		if out, errs, code := p.sh(fill); code != 0 {
			t.Fatalf("%s: %s %s", name, out, errs)
		}
		if name == "append" {
			must(t, first.cmd.Process.Kill())
		} else {
			first.signal(term)
		}
		first.wait()
		must(t, os.RemoveAll(p.spec.Procs))
		must(t, os.Mkdir(p.spec.Procs, 0o700))
		second := p.main(args...)
		second.until("Ready to accept")
		out, errs, _ := p.sh(look)
		if name == "neither" {
			if out != "\n\n\n\n\n-2\n" {
				t.Errorf("%s: %q", name, out)
			}
			continue
		}
		if rest, ok := strings.CutPrefix(out, want); !ok || rest != "900\n" && !strings.HasPrefix(rest, "89") {
			t.Errorf("%s: %q %s\n%s", name, out, errs, second.out)
		}
	}
}

func TestRedisReplica(t *testing.T) {
	main, web, _ := served(t, "redis:8", "Ready to accept")
	web.sh("redis-cli set before 1")
	p := web.neighbour("redis:8")
	replica := p.main("redis-server", "--replicaof", "web 6379")
	replica.until("MASTER <-> REPLICA sync started")
	web.sh("redis-cli set after 2")
	out, errs, code := p.sh("until [ \"$(redis-cli get after)\" = 2 ]; do sleep 0.02; done; redis-cli get before; redis-cli set x 1; redis-cli info replication | tr -d '\\r' | grep -E 'role|link'; redis-cli replicaof no one; redis-cli set x 1")
	if out != "1\nREADONLY You can't write against a read only replica.\nrole:slave\nmaster_link_status:up\nOK\nOK\n" || code != 0 {
		t.Errorf("%q %q %d", out, errs, code)
	}
	main.until("Connection with replica")
}
