package explain

// Diagnosis is why something is not well.
type Diagnosis struct {
	// Headline is the state in one line: "deployment/shop: 0 of 2 Pods ready".
	Headline string    `json:"headline"`
	Health   Health    `json:"health"`
	Problems []Problem `json:"problems,omitempty"`
	// Unseen are sentences on what can't be seen from here, where it may be what is wrong.
	Unseen []string `json:"unseen,omitempty"`
	// Rest is a sentence on what was looked at besides.
	Rest string `json:"rest,omitempty"`
}

// Problem is one cause with what it brings about.
type Problem struct {
	// Code is a stable name, one of Codes; or Starting, Restarted, Ending or Rolling where Waiting is true.
	Code Code `json:"code"`
	// Subject is the object that has the problem; the first of several.
	Subject Subject `json:"subject"`
	// Title says the problem as a sentence: symptom and cause.
	Title string `json:"title"`
	// Waiting is true where nothing is wrong and the cluster is on its way.
	Waiting bool `json:"waiting,omitempty"`
	// Chain leads from what is seen to what causes it.
	Chain []Link `json:"chain,omitempty"`
	// Advice says what it means, in a sentence or two.
	Advice string `json:"advice,omitempty"`
	// Look and Try are whole kubectl commands: the first only read, the second change something.
	Look []string `json:"look,omitempty"`
	Try  []string `json:"try,omitempty"`
	// Back undoes the change that caused it.
	Back []string `json:"back,omitempty"`
	// Objects are kind/name of what has this problem, sorted.
	Objects []string `json:"objects,omitempty"`
	// Symptoms are what else is not well because of it, each as "kind/name: what is seen".
	Symptoms []string `json:"symptoms,omitempty"`
}

// Subject names an object.
type Subject struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// Link is one claim with its evidence.
type Link struct {
	Claim    string `json:"claim"`
	Evidence string `json:"evidence,omitempty"`
	// From says where the evidence was read: a field of an object, an event, a log.
	From string `json:"from,omitempty"`
	// Lines are the evidence at length, where a line is not all of it.
	Lines []string `json:"lines,omitempty"`
}

// Cause is a problem in the form in which programs get it.
type Cause struct {
	Code     Code       `json:"code"`
	Subject  Subject    `json:"subject"`
	Message  string     `json:"message"`
	Evidence []Evidence `json:"evidence"`
	// Next is the command to try, or to look with where nothing can be tried yet.
	Next     string   `json:"next"`
	Symptoms []string `json:"symptoms,omitempty"`
}

// Evidence is what was read, and where.
type Evidence struct {
	From  string `json:"from"`
	Value string `json:"value"`
	// Lines are the value at length, where it is more than a line.
	Lines []string `json:"lines,omitempty"`
}

// Causes are the problems that are no mere waiting, the root causes, in order; never nil.
func (d *Diagnosis) Causes() []Cause {
	causes := []Cause{}
	for _, p := range d.Problems {
		if p.Waiting {
			continue
		}
		c := Cause{Code: p.Code, Subject: p.Subject, Message: p.Title + ".", Evidence: []Evidence{}, Symptoms: p.Symptoms}
		for _, l := range p.Chain {
			if l.Evidence != "" {
				c.Evidence = append(c.Evidence, Evidence{From: l.From, Value: l.Evidence, Lines: l.Lines})
			}
		}
		for _, commands := range [][]string{p.Try, p.Back, p.Look} {
			if len(commands) > 0 {
				c.Next = commands[0]
				break
			}
		}
		causes = append(causes, c)
	}
	return causes
}
