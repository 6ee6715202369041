package web

import (
	"context"
	"fmt"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

const postgresPassword = `Error: Database is uninitialized and superuser password is not specified.
       You must specify POSTGRES_PASSWORD to a non-empty value for the
       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".

       You may also use "POSTGRES_HOST_AUTH_METHOD=trust" to allow all
       connections without a password. This is *not* recommended.
`

const postgresAbsent = `The sandbox has no PostgreSQL: this image is here so that its manifests can be read and applied, and it ends with exit code 1.
For a database that works in the sandbox, and keeps its data in a volume at /data: redis:8
For PostgreSQL itself, make a cluster that runs real images: ` + plugin.Command + ` cluster create --provider kind
`

// Postgres is the entrypoint of the image postgres: there is no database behind it, and it says so. A
// missing password is what it complains of first, as the image does.
func Postgres(_ context.Context, t *task.Task) int {
	for _, a := range t.Args[1:] {
		if a == "-V" || a == "--version" {
			t.Printf("postgres (PostgreSQL) %s\n", t.Binary.Version)
			return 0
		}
	}
	if t.Getenv("POSTGRES_PASSWORD")+t.Getenv("POSTGRES_PASSWORD_FILE") == "" && t.Getenv("POSTGRES_HOST_AUTH_METHOD") != "trust" {
		fmt.Fprint(t.Err, postgresPassword)
		return 1
	}
	fmt.Fprint(t.Err, postgresAbsent)
	return 1
}
