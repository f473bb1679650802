//! Reads scripts and conditions, and says where they are wrong.

use std::collections::BTreeMap;

use super::token::{Placed, Token, tokens};
use super::{
    Block, Branch, Call, Comparison, Condition, DEPTH_MAX, ELIFS_MAX, Field, Operator, Scope, ScriptError, Statement,
    Value,
};

/// Reads a script that may use these calls. An empty one is fine: it does nothing.
pub fn parse(script: &str, calls: &[&str]) -> Result<Block, ScriptError> {
    let mut reader = Reader { tokens: tokens(script)?, at: 0, depth: 0, elifs: 0, calls };
    let block = reader.statements()?;
    match reader.token() {
        Token::End => Ok(block),
        _ => Err(reader.wrong("this line is indented more than the one above")),
    }
}

/// Reads a condition alone, as `inhibit(source="...")` has it.
pub fn condition(text: &str) -> Result<Condition, ScriptError> {
    let mut reader = Reader { tokens: tokens(text)?, at: 0, depth: 0, elifs: 0, calls: &[] };
    let condition = reader.condition()?;
    reader.skip(&Token::LineEnd);
    match reader.token() {
        Token::End => Ok(condition),
        _ => Err(reader.wrong("the condition should end here")),
    }
}

struct Reader<'a> {
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
    elifs: usize,
    calls: &'a [&'a str],
}

impl Reader<'_> {
    fn placed(&self) -> &Placed {
        self.tokens.get(self.at).unwrap_or_else(|| self.tokens.last().expect("tokens end with End"))
    }

    fn token(&self) -> &Token {
        &self.placed().token
    }

    fn line(&self) -> usize {
        self.placed().line
    }

    fn next(&mut self) -> Token {
        let token = self.token().clone();
        self.at += 1;
        token
    }

    fn skip(&mut self, wanted: &Token) -> bool {
        let is_it = self.token() == wanted;
        self.at += usize::from(is_it);
        is_it
    }

    fn is_name(&self, name: &str) -> bool {
        matches!(self.token(), Token::Name(found) if found == name)
    }

    fn skip_name(&mut self, name: &str) -> bool {
        let is_it = self.is_name(name);
        self.at += usize::from(is_it);
        is_it
    }

    fn wrong(&self, message: impl Into<String>) -> ScriptError {
        let at = self.placed();
        ScriptError { line: at.line, column: at.column, message: message.into() }
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), ScriptError> {
        if self.skip(&Token::Sign(sign)) { Ok(()) } else { Err(self.wrong(format!("{sign:?} is missing here"))) }
    }

    /// One level deeper, within the limit.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, ScriptError>) -> Result<T, ScriptError> {
        if self.depth >= DEPTH_MAX {
            return Err(self.wrong(format!("this is nested deeper than {DEPTH_MAX} levels")));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn statements(&mut self) -> Result<Block, ScriptError> {
        let mut block = Block::new();
        while !matches!(self.token(), Token::End | Token::Dedent | Token::Indent) {
            if self.skip_name("if") {
                block.push(self.deeper(Self::branch)?);
            } else {
                block.extend(self.simple()?);
            }
        }
        Ok(block)
    }

    /// A call or `pass`, with the end of its line.
    fn simple(&mut self) -> Result<Option<Statement>, ScriptError> {
        let statement = if self.skip_name("pass") { None } else { Some(Statement::Call(self.call()?)) };
        if self.skip(&Token::LineEnd) || *self.token() == Token::End {
            return Ok(statement);
        }
        Err(self.wrong("the line should end here"))
    }

    /// What follows `if`, with every `elif` and the `else`.
    fn branch(&mut self) -> Result<Statement, ScriptError> {
        let mut ways = Vec::new();
        let otherwise = loop {
            let line = self.line();
            ways.push((self.condition()?, self.block()?, line));
            if self.skip_name("else") {
                break self.block()?;
            }
            if !self.is_name("elif") {
                break Block::new();
            }
            if self.elifs >= ELIFS_MAX {
                return Err(self.wrong(format!("a script has at most {ELIFS_MAX} elif")));
            }
            self.elifs += 1;
            self.at += 1;
        };
        let last = ways.into_iter().rfold(otherwise, |otherwise, (condition, then, line)| {
            vec![Statement::If(Branch { condition, then, otherwise, line })]
        });
        Ok(last.into_iter().next().expect("there is at least the if"))
    }

    /// A colon and a block: indented below, or one call on the same line.
    fn block(&mut self) -> Result<Block, ScriptError> {
        self.expect(":")?;
        if !self.skip(&Token::LineEnd) {
            return Ok(self.simple()?.into_iter().collect());
        }
        if !self.skip(&Token::Indent) {
            return Err(self.wrong("an indented block is missing here; write pass for an empty one"));
        }
        let block = self.statements()?;
        if self.skip(&Token::Dedent) {
            return Ok(block);
        }
        Err(self.wrong("this line is indented more than the one above"))
    }

    fn call(&mut self) -> Result<Call, ScriptError> {
        let line = self.line();
        let name = match self.token() {
            Token::Name(name) if self.calls.contains(&name.as_str()) => name.clone(),
            _ => {
                return Err(self.wrong(format!("a statement is if, pass or one of {}", self.calls.join("(), ") + "()")));
            }
        };
        self.at += 1;
        self.expect("(")?;
        let mut arguments = BTreeMap::new();
        while !self.skip(&Token::Sign(")")) {
            let Token::Name(key) = self.token().clone() else {
                return Err(self.wrong("the name of an argument is missing"));
            };
            if arguments.contains_key(&key) {
                return Err(self.wrong(format!("{key} is given twice")));
            }
            self.at += 1;
            self.expect("=")?;
            arguments.insert(key, self.value()?);
            self.comma_or(")")?;
        }
        Ok(Call { name, arguments, line })
    }

    /// A comma, which may also stand before the closing sign; or the closing sign, which stays.
    fn comma_or(&mut self, closing: &'static str) -> Result<(), ScriptError> {
        if self.skip(&Token::Sign(",")) || *self.token() == Token::Sign(closing) {
            return Ok(());
        }
        Err(self.wrong(format!("a comma or {closing:?} is missing here")))
    }

    fn value(&mut self) -> Result<Value, ScriptError> {
        match self.token().clone() {
            Token::Sign("[") => self.deeper(Self::list),
            Token::Sign("{") => self.deeper(Self::map),
            Token::Text(text) => {
                self.at += 1;
                Ok(Value::Text(text))
            }
            Token::Number(number) => {
                self.at += 1;
                Ok(Value::Number(number))
            }
            Token::Name(name) => self.named(&name),
            _ => Err(self.wrong("a value is missing here: a text in quotes, a number, true, a list, a map or a field")),
        }
    }

    fn named(&mut self, name: &str) -> Result<Value, ScriptError> {
        let constant = match name {
            "true" | "True" => Some(Value::Bool(true)),
            "false" | "False" => Some(Value::Bool(false)),
            "null" | "None" => Some(Value::Null),
            _ => None,
        };
        if let Some(constant) = constant {
            self.at += 1;
            return Ok(constant);
        }
        let (scope, rest) = match name.split_once('.') {
            Some(("alert", rest)) => (Scope::Any, rest),
            Some(("alerts", rest)) => (Scope::All, rest),
            _ => return Err(self.wrong(format!("{name} is no value; texts stand in quotes, fields begin with alert."))),
        };
        let start = self.placed().clone();
        self.at += 1;
        let mut path: Vec<String> = rest.split('.').map(str::to_owned).collect();
        while let (Token::Sign("["), Some(Token::Text(part)), Some(Token::Sign("]"))) =
            (self.token(), self.peek(1), self.peek(2))
        {
            path.push(part.clone());
            self.at += 3;
        }
        let field = Field { scope, path };
        match field.check() {
            Ok(()) => Ok(Value::Field(field)),
            Err(message) => Err(ScriptError { line: start.line, column: start.column, message }),
        }
    }

    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|placed| &placed.token)
    }

    fn list(&mut self) -> Result<Value, ScriptError> {
        self.expect("[")?;
        let mut values = Vec::new();
        while !self.skip(&Token::Sign("]")) {
            values.push(self.value()?);
            self.comma_or("]")?;
        }
        Ok(Value::List(values))
    }

    fn map(&mut self) -> Result<Value, ScriptError> {
        self.expect("{")?;
        let mut values = BTreeMap::new();
        while !self.skip(&Token::Sign("}")) {
            let Token::Text(key) = self.token().clone() else {
                return Err(self.wrong("keys of a map are texts in quotes"));
            };
            self.at += 1;
            self.expect(":")?;
            if values.insert(key, self.value()?).is_some() {
                return Err(self.wrong("this key is there twice"));
            }
            self.comma_or("}")?;
        }
        Ok(Value::Map(values))
    }

    fn condition(&mut self) -> Result<Condition, ScriptError> {
        self.joined(&["or"], "||", Condition::Or, |reader| {
            reader.joined(&["and"], "&&", Condition::And, Self::negation)
        })
    }

    fn joined(
        &mut self,
        words: &[&str],
        sign: &'static str,
        join: fn(Vec<Condition>) -> Condition,
        part: impl Fn(&mut Self) -> Result<Condition, ScriptError>,
    ) -> Result<Condition, ScriptError> {
        let mut parts = vec![part(self)?];
        while words.iter().any(|word| self.is_name(word)) || *self.token() == Token::Sign(sign) {
            self.at += 1;
            parts.push(part(self)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { join(parts) })
    }

    fn negation(&mut self) -> Result<Condition, ScriptError> {
        if self.skip_name("not") {
            return self.deeper(|reader| Ok(Condition::Not(Box::new(reader.negation()?))));
        }
        if self.skip(&Token::Sign("(")) {
            let condition = self.deeper(Self::condition)?;
            self.expect(")")?;
            return Ok(condition);
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Condition, ScriptError> {
        let start = self.placed().clone();
        let left = self.value()?;
        let operator = match self.next() {
            Token::Sign(sign) => Operator::parse(sign),
            Token::Name(word) if word == "in" => Some(Operator::In),
            Token::Name(word) if word == "not" && self.skip_name("in") => Some(Operator::NotIn),
            _ => None,
        };
        let Some(operator) = operator else {
            self.at -= 1;
            if let Value::Bool(is) = left {
                return Ok(Condition::Constant(is));
            }
            return Err(self.wrong("a comparison is missing here: ==, !=, >, >=, <, <=, =~, !~, in or not in"));
        };
        let right = self.value()?;
        let comparison = Comparison::new(left, operator, right);
        comparison.map(Condition::Compare).map_err(|message| ScriptError {
            line: start.line,
            column: start.column,
            message,
        })
    }
}
