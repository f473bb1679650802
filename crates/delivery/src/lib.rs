//! One reader per trail: select, encode, name the object, write, move the cursor.
