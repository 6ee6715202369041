package cmd

import "testing"

func TestExamples(t *testing.T) {
	got := Examples("Where am I?", "", "Two commands", "map\nwhy", "One of another program", "$ docker save\ncluster list")
	want := `  # Where am I?
  kubectl learn

  # Two commands
  kubectl learn map
  kubectl learn why

  # One of another program
  docker save
  kubectl learn cluster list`
	if got != want {
		t.Errorf("%s\n\nwant\n%s", got, want)
	}
}
